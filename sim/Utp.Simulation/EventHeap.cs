namespace Utp.Simulation;

/// <summary>
/// The pending events: a four-way heap ordered by time, then by order of insertion, so that simultaneous events have one order on every machine.
/// Entries hold no references: targets are numbers, and moving an entry costs no write barrier.
/// </summary>
internal sealed class EventHeap
{
    private const int Arity = 4;

    private Entry[] _entries = new Entry[256];

    public int Count { get; private set; }

    /// <summary>Time of the earliest event; valid only when there is one.</summary>
    public long NextTime => _entries[0].Time;

    public void Push(long time, long sequence, int target, int tag)
    {
        if (Count == _entries.Length)
        {
            Array.Resize(ref _entries, Count * 2);
        }

        var entries = _entries;
        var hole = Count++;
        while (hole > 0)
        {
            var parent = (hole - 1) / Arity;
            ref readonly var above = ref entries[parent];
            if (!IsBefore(time, sequence, above))
            {
                break;
            }

            entries[hole] = above;
            hole = parent;
        }

        entries[hole] = new Entry(time, sequence, target, tag);
    }

    public Entry Pop()
    {
        var entries = _entries;
        var first = entries[0];
        var last = entries[--Count];
        var hole = 0;
        while (true)
        {
            var child = (hole * Arity) + 1;
            if (child >= Count)
            {
                break;
            }

            var end = Math.Min(child + Arity, Count);
            var least = child;
            for (var other = child + 1; other < end; other++)
            {
                if (IsBefore(entries[other].Time, entries[other].Sequence, entries[least]))
                {
                    least = other;
                }
            }

            if (!IsBefore(entries[least].Time, entries[least].Sequence, last))
            {
                break;
            }

            entries[hole] = entries[least];
            hole = least;
        }

        entries[hole] = last;
        return first;
    }

    private static bool IsBefore(long time, long sequence, in Entry other) =>
        time < other.Time || (time == other.Time && sequence < other.Sequence);

    internal readonly record struct Entry(long Time, long Sequence, int Target, int Tag);
}
