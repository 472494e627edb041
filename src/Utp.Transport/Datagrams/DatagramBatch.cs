using Utp.Protocol;

namespace Utp.Transport.Datagrams;

/// <summary>
/// Datagrams of one receive: each entry is one datagram, or a train of them from one peer cut every <see cref="ReceivedTrain.SegmentSize"/>
/// bytes. The memory belongs to the batch and is reused by the next receive.
/// </summary>
internal sealed class DatagramBatch
{
    private readonly ReceivedTrain[] _trains;

    /// <param name="capacity">Entries that one receive may bring.</param>
    /// <param name="bytesPerEntry">Memory of each: 64 KiB where the system may join datagrams (GRO) or a peer may send large ones.</param>
    public DatagramBatch(int capacity, int bytesPerEntry)
    {
        _trains = new ReceivedTrain[capacity];
        BytesPerEntry = bytesPerEntry;
        Memory = GC.AllocateUninitializedArray<byte>(capacity * bytesPerEntry, pinned: true);
    }

    public int Capacity => _trains.Length;

    public int BytesPerEntry { get; }

    /// <summary>Pinned; entry i owns [i * BytesPerEntry, +BytesPerEntry).</summary>
    public byte[] Memory { get; }

    public int Count { get; private set; }

    /// <summary>Transient socket errors survived during the receive.</summary>
    public int ErrorCount { get; set; }

    public ref readonly ReceivedTrain this[int index] => ref _trains[index];

    public ReadOnlySpan<byte> BytesOf(int index) => Memory.AsSpan(index * BytesPerEntry, _trains[index].Length);

    public void Clear()
    {
        Count = 0;
        ErrorCount = 0;
    }

    /// <summary>Records what was received into entry <see cref="Count"/>.</summary>
    public void Add(in PeerAddress remote, int length, int segmentSize, Instant arrival) =>
        _trains[Count++] = new ReceivedTrain(remote, length, segmentSize, arrival);
}

internal readonly record struct ReceivedTrain(PeerAddress Remote, int Length, int SegmentSize, Instant Arrival);
