using Utp.Simulation.Network;
using Utp.Simulation.Randomness;

namespace Utp.Simulation;

/// <summary>
/// One run: a virtual clock, its scheduled events, the seed of every random stream, and the trace that proves a replay. It is single-threaded; time
/// only passes between events.
/// </summary>
internal sealed class SimulationRun : IEventTarget, IDisposable
{
    private readonly EventHeap _events = new();
    private readonly List<IEventTarget> _targets = [];
    private readonly List<Action?> _actions = [];
    private readonly Stack<int> _freeActions = new();
    private readonly int _self;
    private long _sequence;

    public SimulationRun(ulong seed)
    {
        Seed = seed;
        _self = Register(this);
    }

    public ulong Seed { get; }

    /// <summary>Nanoseconds since the start of the run.</summary>
    public long Now { get; private set; }

    public long EventCount { get; private set; }

    /// <summary>Number of events that are still pending; with zero nothing happens any more.</summary>
    public int PendingCount => _events.Count;

    /// <summary>Time of the next event; valid only while <see cref="PendingCount"/> is not zero.</summary>
    public long NextTime => _events.NextTime;

    public TraceHash Trace { get; } = new();

    public PacketPool Packets { get; } = new();

    /// <summary>
    /// Gets the random stream of one purpose. Streams are independent of each other, so that adding an impairment does not disturb the others.
    /// </summary>
    public SeededRandomSource Stream(string purpose)
    {
        // FNV-1a is the same on every machine, unlike string.GetHashCode.
        var hash = 0xCBF2_9CE4_8422_2325UL;
        foreach (var character in purpose)
        {
            hash = unchecked((hash ^ character) * 0x100_0000_01B3UL);
        }

        return new SeededRandomSource(unchecked((Seed * 0x9E37_79B9_7F4A_7C15UL) ^ hash));
    }

    public int Register(IEventTarget target)
    {
        _targets.Add(target);
        return _targets.Count - 1;
    }

    public void Schedule(long time, int target, int tag) => _events.Push(Math.Max(time, Now), _sequence++, target, tag);

    /// <summary>Reserves a place in the order of simultaneous events for an event that <see cref="ScheduleReserved"/> schedules later.</summary>
    public long ReserveSequence() => _sequence++;

    public void ScheduleReserved(long time, long sequence, int target, int tag) => _events.Push(time, sequence, target, tag);

    /// <summary>Runs an action once; for scenarios, not for packets.</summary>
    public void At(long time, Action action)
    {
        if (!_freeActions.TryPop(out var slot))
        {
            slot = _actions.Count;
            _actions.Add(null);
        }

        _actions[slot] = action;
        Schedule(time, _self, slot);
    }

    public void RunUntil(long time)
    {
        while (_events.Count > 0 && _events.NextTime <= time)
        {
            Step();
        }

        Now = Math.Max(Now, time);
    }

    /// <summary>Runs until the condition, checked after every event, holds. False when the limit came first, or no event is left.</summary>
    public bool RunUntil(Func<bool> condition, long limit)
    {
        while (!condition())
        {
            if (_events.Count == 0 || _events.NextTime > limit)
            {
                return false;
            }

            Step();
        }

        return true;
    }

    void IEventTarget.OnEvent(int tag)
    {
        var action = _actions[tag];
        _actions[tag] = null;
        _freeActions.Push(tag);
        action!();
    }

    public void Dispose() => Trace.Dispose();

    private void Step()
    {
        var next = _events.Pop();
        Now = next.Time;
        EventCount++;
        _targets[next.Target].OnEvent(next.Tag);
    }
}
