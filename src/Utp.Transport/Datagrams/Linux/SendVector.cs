using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Utp.Protocol.Addresses;
using Utp.Protocol.Sending;

namespace Utp.Transport.Datagrams.Linux;

/// <summary>
/// The arrays that describe a train to <c>sendmsg</c> and <c>sendmmsg</c>. They are allocated once and stay pinned. One thread at a time sends.
/// </summary>
internal sealed unsafe class SendVector
{
    /// <summary>Maximum number of messages per <c>sendmmsg</c>; measurements show no gain from more.</summary>
    public const int Capacity = 64;

    private const int SegmentationBytes = ControlHeader.Bytes + 8;

    private readonly AddressFamily _family;
    private readonly byte[] _name;

    /// <summary>The segment size from <see cref="PacketInformation.MaxSentBytes"/> on; the source address, if there is one, ends there.</summary>
    private readonly byte[] _control = GC.AllocateArray<byte>(PacketInformation.MaxSentBytes + SegmentationBytes, pinned: true);
    private readonly MessageEntry[] _entries = GC.AllocateArray<MessageEntry>(Capacity, pinned: true);
    private readonly IoVector[] _vectors = GC.AllocateArray<IoVector>(Capacity, pinned: true);
    private PeerAddress _lastRemote;
    private bool _hasLastRemote;
    private LocalAddress _lastLocal;
    private int _sourceBytes;

    public SendVector(AddressFamily family)
    {
        _family = family;
        var blank = SocketAddressBytes.CreateBlank(family).Buffer.Span;
        _name = GC.AllocateArray<byte>(blank.Length, pinned: true);
        blank.CopyTo(_name);
        for (var i = 0; i < Capacity; i++)
        {
            ref var header = ref _entries[i].Header;
            header.Name = Pinned(_name);
            header.NameLength = (uint)(family == AddressFamily.InterNetwork ? SocketAddressBytes.IPv4Length : SocketAddressBytes.IPv6Length);
            header.Vectors = Pinned(_vectors) + i;
            header.VectorCount = 1;
        }

        var control = (ControlHeader*)(Pinned(_control) + PacketInformation.MaxSentBytes);
        control->Length = ControlHeader.Bytes + sizeof(ushort);
        control->Level = UdpOption.Level;
        control->Type = UdpOption.Segment;
    }

    /// <summary>Whether the messages name their source address.</summary>
    public bool HasSource => _sourceBytes > 0;

    /// <summary>Sets the addresses; false when a socket of this family cannot have such an address.</summary>
    /// <param name="remote">The destination.</param>
    /// <param name="local">The source address; <c>default</c> leaves the choice to the kernel.</param>
    public bool TryAddress(in PeerAddress remote, in LocalAddress local)
    {
        if (local != _lastLocal)
        {
            SetSource(local);
        }

        if (!_hasLastRemote || remote != _lastRemote)
        {
            _lastRemote = remote;
            _hasLastRemote = SocketAddressBytes.TryWrite(_name, _family, remote);
        }

        return _hasLastRemote && (HasSource || local.IsUnspecified);
    }

    /// <summary>Prepares one message per segment, for as many segments as fit.</summary>
    public MessageEntry* Datagrams(byte* train, int length, int segmentSize, out int count)
    {
        count = 0;
        for (var offset = 0; offset < length && count < Capacity; offset += segmentSize)
        {
            _vectors[count++] = new IoVector { Base = train + offset, Length = (nuint)Math.Min(segmentSize, length - offset) };
        }

        return Pinned(_entries);
    }

    /// <summary>Prepares one message that is sent as a single datagram.</summary>
    public MessageHeader* Datagram(byte* bytes, int length)
    {
        _vectors[0] = new IoVector { Base = bytes, Length = (nuint)length };
        return &Pinned(_entries)->Header;
    }

    /// <summary>Prepares one message for the kernel to cut. Its control data stays in the first entry until <see cref="ForgetSegmentation"/>.</summary>
    public MessageHeader* Segmented(byte* train, int length, int segmentSize)
    {
        var message = Datagram(train, length);
        message->Control = SourceControl;
        message->ControlLength = (nuint)(_sourceBytes + SegmentationBytes);
        Unsafe.WriteUnaligned(SourceControl + _sourceBytes + ControlHeader.Bytes, (ushort)segmentSize);
        return message;
    }

    public void ForgetSegmentation()
    {
        SetControl(ref _entries[0].Header);
    }

    /// <summary>The control data of the source address. The segment size always follows it.</summary>
    private byte* SourceControl => Pinned(_control) + PacketInformation.MaxSentBytes - _sourceBytes;

    private void SetSource(in LocalAddress local)
    {
        var bytes = stackalloc byte[PacketInformation.MaxSentBytes];
        var had = _sourceBytes;
        _lastLocal = local;
        _sourceBytes = local.IsUnspecified ? 0 : PacketInformation.Write(bytes, _family, local);
        new Span<byte>(bytes, _sourceBytes).CopyTo(new Span<byte>(SourceControl, _sourceBytes));
        for (var i = 0; i < Capacity && had != _sourceBytes; i++)
        {
            SetControl(ref _entries[i].Header);
        }
    }

    private void SetControl(ref MessageHeader header)
    {
        header.Control = _sourceBytes > 0 ? SourceControl : null;
        header.ControlLength = (nuint)_sourceBytes;
    }

    /// <summary>Gets a pointer to an array; only for arrays of the pinned heap.</summary>
    private static T* Pinned<T>(T[] array)
        where T : unmanaged => (T*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array));
}
