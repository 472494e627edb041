using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Utp.Protocol.Addresses;
using Utp.Protocol.Wire;

namespace Utp.Transport.Datagrams.Linux;

/// <summary>
/// The arrays that <c>recvmmsg</c> fills from the socket's error queue: ICMP errors about datagrams of ours, each with the destination and the
/// beginning of the datagram. Created with the first ICMP error; few sockets ever see one. ip(7), IP_RECVERR.
/// </summary>
internal sealed unsafe class IcmpErrorVector
{
    /// <summary>Maximum number of ICMP errors per call. A flood of them is read in portions of this size, with datagrams in between.</summary>
    public const int Capacity = DatagramBatch.MaxIcmpErrors;

    private const int NameBytes = 32;

    /// <summary>
    /// On a dual-mode socket an ICMP error about IPv4 has 136 bytes: IPV6_PKTINFO (40), IP_PKTINFO (32), and then the error with the sender's address
    /// (64). If it is truncated, its sender is unknown and it is not trusted.
    /// </summary>
    private const int ControlBytes = 256;


    /// <summary>Origins of <c>sock_extended_err</c>; other values include the local system.</summary>
    private const byte OriginIcmp = 2;
    private const byte OriginIcmpV6 = 3;

    /// <summary>"Destination unreachable" of ICMP and of ICMPv6.</summary>
    private const byte UnreachableIcmp = 3;
    private const byte UnreachableIcmpV6 = 1;

    private readonly AddressFamily _family;
    private readonly MessageEntry[] _entries = GC.AllocateArray<MessageEntry>(Capacity, pinned: true);
    private readonly IoVector[] _vectors = GC.AllocateArray<IoVector>(Capacity, pinned: true);
    private readonly byte[] _names = GC.AllocateArray<byte>(Capacity * NameBytes, pinned: true);
    private readonly byte[] _controls = GC.AllocateArray<byte>(Capacity * ControlBytes, pinned: true);
    private readonly byte[] _quotations = GC.AllocateArray<byte>(Capacity * PacketHeader.Size, pinned: true);

    public IcmpErrorVector(AddressFamily family)
    {
        _family = family;
        for (var i = 0; i < Capacity; i++)
        {
            _vectors[i] = new IoVector { Base = Pinned(_quotations) + (i * PacketHeader.Size), Length = PacketHeader.Size };
            ref var header = ref _entries[i].Header;
            header.Name = Pinned(_names) + (i * NameBytes);
            header.Vectors = Pinned(_vectors) + i;
            header.VectorCount = 1;
            header.Control = Pinned(_controls) + (i * ControlBytes);
        }
    }

    public MessageEntry* Prepare()
    {
        for (var i = 0; i < Capacity; i++)
        {
            // The kernel's output of the last call is still here.
            ref var header = ref _entries[i].Header;
            header.NameLength = NameBytes;
            header.ControlLength = ControlBytes;
            header.Flags = 0;
        }

        return Pinned(_entries);
    }

    /// <summary>
    /// Adds the ICMP errors that say "unreachable" and quote enough to identify the packet. "Too big" is left to the path MTU search: its probes find
    /// the same out without trusting any ICMP error.
    /// </summary>
    public void Complete(DatagramBatch batch, int count)
    {
        for (var i = 0; i < count; i++)
        {
            ref readonly var entry = ref _entries[i];
            if (entry.Length >= PacketHeader.Size
                && entry.Header.NameLength > 0
                && TryFindError(entry.Header, out var error, out var offender)
                && error.IsUnreachable)
            {
                var remote = SocketAddressBytes.Read(_names.AsSpan(i * NameBytes, NameBytes), _family);
                var isFromPeersHost = offender.Length > 0 && IsSameHost(remote, SocketAddressBytes.Read(offender, _family));
                var icmpError = new IcmpError(remote, error.Number == ErrorNumber.ConnectionRefused, isFromPeersHost);
                batch.AddIcmpError(icmpError, _quotations.AsSpan(i * PacketHeader.Size, PacketHeader.Size));
            }
        }
    }

    /// <summary>Compares without the scope: a link-local address has the interface's scope here and the socket's there.</summary>
    private static bool IsSameHost(in PeerAddress remote, in PeerAddress offender) => (remote.High, remote.Low) == (offender.High, offender.Low);

    /// <summary>Finds the error, and behind it the address of its sender (SO_EE_OFFENDER); empty when there is none.</summary>
    private bool TryFindError(in MessageHeader header, out ExtendedError error, out ReadOnlySpan<byte> offender)
    {
        offender = default;
        for (var offset = 0; offset + ControlHeader.Bytes + sizeof(ExtendedError) <= (int)header.ControlLength;)
        {
            var control = (ControlHeader*)(header.Control + offset);
            if ((control->Level, control->Type) is (IcmpErrorOption.LevelIPv4, IcmpErrorOption.NameIPv4)
                or (IcmpErrorOption.LevelIPv6, IcmpErrorOption.NameIPv6))
            {
                var data = (byte*)control + ControlHeader.Bytes;
                error = Unsafe.ReadUnaligned<ExtendedError>(data);
                var offenderBytes = _family == AddressFamily.InterNetwork ? SocketAddressBytes.IPv4Length : SocketAddressBytes.IPv6Length;
                var end = Math.Min((int)header.ControlLength, offset + (int)control->Length);
                if (offset + ControlHeader.Bytes + sizeof(ExtendedError) + offenderBytes <= end
                    && Unsafe.ReadUnaligned<ushort>(data + sizeof(ExtendedError)) != 0)
                {
                    offender = new ReadOnlySpan<byte>(data + sizeof(ExtendedError), offenderBytes);
                }

                return true;
            }

            if (control->Length < ControlHeader.Bytes)
            {
                break;
            }

            offset += ControlHeader.Align((int)control->Length);
        }

        error = default;
        return false;
    }

    /// <summary>Gets a pointer to an array; only for arrays of the pinned heap.</summary>
    private static T* Pinned<T>(T[] array)
        where T : unmanaged => (T*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array));

    /// <summary><c>struct sock_extended_err</c>, 16 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct ExtendedError
    {
        public readonly int Number;
        public readonly byte Origin;
        public readonly byte Type;
        public readonly byte Code;
        private readonly byte _padding;
        private readonly uint _info;
        private readonly uint _data;

        public bool IsUnreachable =>
            (Origin, Type) is (OriginIcmp, UnreachableIcmp) or (OriginIcmpV6, UnreachableIcmpV6) && Number != ErrorNumber.MessageTooLong;
    }
}
