using Utp.Protocol.Addresses;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Transport.Datagrams;

/// <summary>
/// Datagrams of one receive: each entry is one datagram, or a train of them from one peer cut every <see cref="ReceivedTrain.SegmentSize"/>
/// bytes. The memory belongs to the batch and is reused by the next receive.
/// </summary>
internal sealed class DatagramBatch
{
    /// <summary>
    /// Between entries. With 64 KiB alone the same bytes of every entry would compete for the same few lines of each processor cache.
    /// </summary>
    private const int Gap = 17 * 64;

    /// <summary>Reports that one receive may bring.</summary>
    public const int MaxReports = 16;

    private readonly ReceivedTrain[] _trains;
    private UnreachableReport[]? _reports;
    private byte[]? _quotations;

    /// <param name="capacity">Entries that one receive may bring.</param>
    /// <param name="bytesPerEntry">Memory of each: 64 KiB where the system may join datagrams (GRO) or a peer may send large ones.</param>
    public DatagramBatch(int capacity, int bytesPerEntry)
    {
        _trains = new ReceivedTrain[capacity];
        BytesPerEntry = bytesPerEntry;
        Memory = GC.AllocateUninitializedArray<byte>(capacity * (bytesPerEntry + Gap), pinned: true);
    }

    public int Capacity => _trains.Length;

    public int BytesPerEntry { get; }

    /// <summary>Pinned; entry i owns [OffsetOf(i), +BytesPerEntry).</summary>
    public byte[] Memory { get; }

    public int Count { get; private set; }

    /// <summary>Transient socket errors survived during the receive.</summary>
    public int ErrorCount { get; set; }

    public ref readonly ReceivedTrain this[int index] => ref _trains[index];

    public ReadOnlySpan<byte> BytesOf(int index) => Memory.AsSpan(OffsetOf(index), _trains[index].Length);

    public int OffsetOf(int index) => index * (BytesPerEntry + Gap);

    /// <summary>The memory that the next <see cref="Add"/> is about.</summary>
    public Span<byte> NextEntry => Memory.AsSpan(OffsetOf(Count), BytesPerEntry);

    /// <summary>What the network reported of datagrams that were sent (ICMP "unreachable"). Nobody vouches for it.</summary>
    public int ReportCount { get; private set; }

    public ref readonly UnreachableReport ReportAt(int index) => ref _reports![index];

    /// <summary>The first bytes of the datagram that the report is about: as many as a uTP header has.</summary>
    public ReadOnlySpan<byte> QuotationOf(int report) => _quotations.AsSpan(report * PacketHeader.Size, PacketHeader.Size);

    public void Clear()
    {
        ReportCount = 0;
        Count = 0;
        ErrorCount = 0;
    }

    /// <summary>Records what was received into entry <see cref="Count"/>.</summary>
    public void Add(in PeerAddress remote, int length, int segmentSize, Instant arrival, in LocalAddress local = default) =>
        _trains[Count++] = new ReceivedTrain(remote, length, segmentSize, arrival, local);

    /// <summary>Records a report; one too many is dropped, like any datagram that a network loses.</summary>
    public void AddReport(in UnreachableReport report, ReadOnlySpan<byte> quotation)
    {
        if (ReportCount == MaxReports)
        {
            return;
        }

        _reports ??= new UnreachableReport[MaxReports];
        _quotations ??= new byte[MaxReports * PacketHeader.Size];
        quotation[..PacketHeader.Size].CopyTo(_quotations.AsSpan(ReportCount * PacketHeader.Size));
        _reports[ReportCount++] = report;
    }
}

/// <param name="Remote">Where the datagram was sent.</param>
/// <param name="IsRefusal">Whether the host is there, and nobody has the port.</param>
/// <param name="IsFromPeersHost">Whether the report's sender has the address that the datagram was sent to; false for a router.</param>
internal readonly record struct UnreachableReport(PeerAddress Remote, bool IsRefusal, bool IsFromPeersHost);

/// <param name="Remote">The sender.</param>
/// <param name="Length">All bytes of the train.</param>
/// <param name="SegmentSize">The bytes of each datagram but the last.</param>
/// <param name="Arrival">When the receive that brought it returned.</param>
/// <param name="Local">The address that it was sent to; <c>default</c> when the socket has only one, or the system does not tell.</param>
internal readonly record struct ReceivedTrain(PeerAddress Remote, int Length, int SegmentSize, Instant Arrival, LocalAddress Local);
