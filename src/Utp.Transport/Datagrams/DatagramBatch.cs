using Utp.Protocol.Addresses;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Transport.Datagrams;

/// <summary>
/// The datagrams of one receive. Each entry is one datagram, or a train of datagrams from one peer to be cut every
/// <see cref="ReceivedTrain.SegmentSize"/> bytes. The memory belongs to the batch, and the next receive reuses it.
/// </summary>
internal sealed class DatagramBatch
{
    /// <summary>
    /// Gap between entries, in bytes. At a distance of exactly 64 KiB, the same bytes of every entry would compete for the same few lines of each
    /// processor cache.
    /// </summary>
    private const int Gap = 17 * 64;

    /// <summary>The maximum number of ICMP errors per receive.</summary>
    public const int MaxIcmpErrors = 16;

    private readonly ReceivedTrain[] _trains;
    private IcmpError[]? _icmpErrors;
    private byte[]? _quotations;

    /// <param name="capacity">Maximum number of entries per receive.</param>
    /// <param name="bytesPerEntry">Memory of each entry: 64 KiB where the system may join datagrams (GRO) or a peer may send large ones.</param>
    public DatagramBatch(int capacity, int bytesPerEntry)
    {
        _trains = new ReceivedTrain[capacity];
        BytesPerEntry = bytesPerEntry;
        Memory = GC.AllocateUninitializedArray<byte>(capacity * (bytesPerEntry + Gap), pinned: true);
    }

    public int Capacity => _trains.Length;

    public int BytesPerEntry { get; }

    /// <summary>The pinned memory of all entries; entry i owns [OffsetOf(i), +BytesPerEntry).</summary>
    public byte[] Memory { get; }

    public int Count { get; private set; }

    /// <summary>Number of transient socket errors that the receive survived.</summary>
    public int ErrorCount { get; set; }

    public ref readonly ReceivedTrain this[int index] => ref _trains[index];

    public ReadOnlySpan<byte> BytesOf(int index) => Memory.AsSpan(OffsetOf(index), _trains[index].Length);

    public int OffsetOf(int index) => index * (BytesPerEntry + Gap);

    /// <summary>The memory that the next <see cref="Add"/> refers to.</summary>
    public Span<byte> NextEntry => Memory.AsSpan(OffsetOf(Count), BytesPerEntry);

    /// <summary>Number of ICMP errors ("unreachable") about datagrams that were sent. Nothing authenticates them.</summary>
    public int IcmpErrorCount { get; private set; }

    public ref readonly IcmpError IcmpErrorAt(int index) => ref _icmpErrors![index];

    /// <summary>The first bytes of the datagram that the ICMP error is about: the size of a uTP header.</summary>
    public ReadOnlySpan<byte> QuotationOf(int index) => _quotations.AsSpan(index * PacketHeader.Size, PacketHeader.Size);

    public void Clear()
    {
        IcmpErrorCount = 0;
        Count = 0;
        ErrorCount = 0;
    }

    /// <summary>Records what the receive wrote into entry <see cref="Count"/>.</summary>
    public void Add(in PeerAddress remote, int length, int segmentSize, Instant arrival, in LocalAddress local = default) =>
        _trains[Count++] = new ReceivedTrain(remote, length, segmentSize, arrival, local);

    /// <summary>Records an ICMP error. When the batch is full, it is dropped, as if the network had lost it.</summary>
    public void AddIcmpError(in IcmpError icmpError, ReadOnlySpan<byte> quotation)
    {
        if (IcmpErrorCount == MaxIcmpErrors)
        {
            return;
        }

        _icmpErrors ??= new IcmpError[MaxIcmpErrors];
        _quotations ??= new byte[MaxIcmpErrors * PacketHeader.Size];
        quotation[..PacketHeader.Size].CopyTo(_quotations.AsSpan(IcmpErrorCount * PacketHeader.Size));
        _icmpErrors[IcmpErrorCount++] = icmpError;
    }
}

/// <param name="Remote">The sender.</param>
/// <param name="Length">Length of the whole train, in bytes.</param>
/// <param name="SegmentSize">Length of each datagram but the last, in bytes.</param>
/// <param name="Arrival">When the receive returned.</param>
/// <param name="Local">The address that the datagram was sent to; <c>default</c> when the socket has only one, or the system does not report it.</param>
internal readonly record struct ReceivedTrain(PeerAddress Remote, int Length, int SegmentSize, Instant Arrival, LocalAddress Local);
