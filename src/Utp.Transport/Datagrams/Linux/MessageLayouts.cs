using System.Runtime.InteropServices;
using Utp.Protocol.Addresses;
using Utp.Protocol.Sending;

namespace Utp.Transport.Datagrams.Linux;

// The kernel's structures as 64-bit Linux lays them out (x64 and arm64 alike): socket(7), recvmmsg(2), cmsg(3), poll(2).

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    public byte* Base;
    public nuint Length;
}

/// <summary><c>struct msghdr</c>, 56 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessageHeader
{
    public byte* Name;
    public uint NameLength;
    public IoVector* Vectors;
    public nuint VectorCount;
    public byte* Control;
    public nuint ControlLength;
    public int Flags;
}

/// <summary><c>struct mmsghdr</c>, 64 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MessageEntry
{
    public MessageHeader Header;

    /// <summary>Bytes received or sent.</summary>
    public uint Length;
}

/// <summary><c>struct cmsghdr</c>, 16 bytes. Its data follows, and the next one begins at a multiple of eight.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ControlHeader
{
    public const int Bytes = 16;

    /// <summary>Length of header and data, without the padding.</summary>
    public nuint Length;
    public int Level;
    public int Type;

    public static int Align(int length) => (length + 7) & ~7;

    /// <summary>Gets the control message at this offset of a received message's control data; null if none with all of its data is there.</summary>
    public static unsafe ControlHeader* At(in MessageHeader header, int offset)
    {
        var control = (ControlHeader*)(header.Control + offset);
        return offset + Bytes <= (int)header.ControlLength && control->Length >= Bytes && control->Length <= header.ControlLength - (nuint)offset
            ? control
            : null;
    }

    /// <summary>Gets the address that the datagram was sent to, if the socket was asked to report it.</summary>
    public static unsafe LocalAddress FindLocalAddress(in MessageHeader header)
    {
        LocalAddress local = default;
        var offset = 0;
        for (var control = At(header, offset); control is not null; control = At(header, offset))
        {
            PacketInformation.Read(control, ref local);
            offset += Align((int)control->Length);
        }

        return local;
    }
}

[StructLayout(LayoutKind.Sequential)]
internal struct PollEntry
{
    public const short In = 0x1;
    public const short Out = 0x4;

    /// <summary><c>POLLERR</c>: always reported, whether requested or not.</summary>
    public const short Error = 0x8;

    public int Descriptor;
    public short Events;
    public short ReturnedEvents;
}

/// <summary><c>struct timespec</c> of 64-bit systems.</summary>
internal struct TimeSpecification
{
    public long Seconds;
    public long Nanoseconds;
}

/// <summary>Options of level <c>SOL_UDP</c>: udp(7).</summary>
internal static class UdpOption
{
    public const int Level = 17;

    /// <summary><c>UDP_SEGMENT</c>: the kernel (or the network card) cuts what is sent into datagrams of this many bytes.</summary>
    public const int Segment = 103;

    /// <summary><c>UDP_GRO</c>: the kernel may join datagrams that arrive together; a control message says where to cut.</summary>
    public const int ReceiveOffload = 104;
}

/// <summary><c>IP_RECVERR</c> and <c>IPV6_RECVERR</c>: the kernel queues ICMP errors about our datagrams. The control messages have the same numbers.</summary>
internal static class IcmpErrorOption
{
    public const int LevelIPv4 = 0;
    public const int NameIPv4 = 11;
    public const int LevelIPv6 = 41;
    public const int NameIPv6 = 25;
}
