namespace Utp.Simulation.Network;

/// <summary>A first-in, first-out queue of packets, each with its due time and its place in the order of events.</summary>
internal sealed class PacketRing
{
    private Entry[] _entries = new Entry[64];
    private int _head;

    public int Count { get; private set; }

    public ref readonly Entry Head => ref _entries[_head];

    public void Enqueue(Packet packet, long time = 0, long sequence = 0)
    {
        if (Count == _entries.Length)
        {
            Grow();
        }

        _entries[(_head + Count++) & (_entries.Length - 1)] = new Entry(packet, time, sequence);
    }

    public Packet Dequeue()
    {
        var packet = _entries[_head].Packet;
        _entries[_head] = default;
        _head = (_head + 1) & (_entries.Length - 1);
        Count--;
        return packet;
    }

    private void Grow()
    {
        var larger = new Entry[_entries.Length * 2];
        for (var i = 0; i < Count; i++)
        {
            larger[i] = _entries[(_head + i) & (_entries.Length - 1)];
        }

        _entries = larger;
        _head = 0;
    }

    internal readonly record struct Entry(Packet Packet, long Time, long Sequence);
}
