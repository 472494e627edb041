using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Utp.Transport.Datagrams.Linux;

namespace Utp.Transport.Tests.Datagrams.Linux;

/// <summary>One entry of a socket's error queue, about a datagram to 10.0.0.1:<paramref name="Port"/>, reported by <paramref name="Offender"/>.</summary>
internal sealed record FakeReport(int Error, byte Origin, byte Type, byte Code, byte[] Quotation, ushort Port = 9, uint Offender = 0)
{
    public const byte Local = 1;
    public const byte Icmp = 2;
    public const byte Unreachable = 3;

    public static FakeReport PortUnreachable(byte[] quotation) => new(ErrorNumber.ConnectionRefused, Icmp, Unreachable, 3, quotation);

    public unsafe void WriteTo(ref MessageEntry entry)
    {
        ref var header = ref entry.Header;
        var name = new Span<byte>(header.Name, 16);
        name.Clear();
        name[0] = 2;
        BinaryPrimitives.WriteUInt16BigEndian(name[2..], Port);
        BinaryPrimitives.WriteUInt32BigEndian(name[4..], 0x0A000001);
        header.NameLength = 16;

        var quoted = Math.Min(Quotation.Length, (int)header.Vectors->Length);
        Quotation.AsSpan(0, quoted).CopyTo(new Span<byte>(header.Vectors->Base, quoted));
        entry.Length = (uint)quoted;

        // cmsghdr (length, level, type), then sock_extended_err (errno, origin, type, code) and the offender's address.
        var control = new Span<byte>(header.Control, 48);
        control.Clear();
        MemoryMarshal.Write(control, (long)48);
        MemoryMarshal.Write(control[12..], 11);
        MemoryMarshal.Write(control[16..], Error);
        (control[20], control[21], control[22]) = (Origin, Type, Code);
        if (Offender != 0)
        {
            control[32] = 2;
            BinaryPrimitives.WriteUInt32BigEndian(control[36..], Offender);
        }

        header.ControlLength = 48;
    }
}
