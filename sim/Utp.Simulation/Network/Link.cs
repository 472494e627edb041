using System.Diagnostics;
using Utp.Simulation.Randomness;

namespace Utp.Simulation.Network;

/// <summary>
/// One direction of a path. A packet passes, in this order: random loss, the MTU, admission to the queue, serialisation, active queue management (at
/// dequeue), duplication, and propagation with jitter, which keeps the order unless reordering applies.
/// </summary>
internal sealed class Link : IEventTarget
{
    private const int TransmissionEnds = -1;
    private const int NextArrives = -2;

    private readonly SimulationRun _run;
    private readonly LinkSettings _settings;
    private readonly int _target;
    private readonly SeededRandomSource _lossRandom;
    private readonly SeededRandomSource _duplicateRandom;
    private readonly SeededRandomSource _reorderRandom;
    private readonly SeededRandomSource _jitterRandom;
    private readonly GilbertElliott? _burstLoss;
    private readonly CoDel? _codel;
    private readonly PacketRing _queue = new();
    private readonly PacketRing _inOrder = new();
    private readonly List<Packet?> _heldBack = [];
    private readonly Stack<int> _freeHeldBack = new();
    private Packet? _transmitting;
    private long _transmissionEnd;
    private long _lastArrival;

    public Link(SimulationRun run, LinkSettings settings)
    {
        _run = run;
        _settings = settings;
        _target = run.Register(this);
        _lossRandom = run.Stream(settings.Name + "/loss");
        _duplicateRandom = run.Stream(settings.Name + "/duplicate");
        _reorderRandom = run.Stream(settings.Name + "/reorder");
        _jitterRandom = run.Stream(settings.Name + "/jitter");
        _burstLoss = settings.BurstLoss is { } burst ? new GilbertElliott(burst, run.Stream(settings.Name + "/burst-loss")) : null;
        _codel = settings.CoDel is { } codel ? new CoDel(codel) : null;
        BitsPerSecond = settings.BitsPerSecond;
        PropagationNanos = settings.PropagationNanos;
        LossProbability = settings.LossProbability;
        MtuBytes = settings.MtuBytes;
        QueueLimitBytes = settings.QueueBytes;
    }

    public string Name => _settings.Name;

    public LinkCounters Counters { get; } = new();

    /// <summary>The rate. A change applies to packets whose serialisation has not begun.</summary>
    public long BitsPerSecond { get; set; }

    /// <summary>The propagation delay. A change applies to packets that have not left the queue; arrivals stay in order.</summary>
    public long PropagationNanos { get; set; }

    public double LossProbability { get; set; }

    public int MtuBytes { get; set; }

    public long QueueLimitBytes { get; set; }

    /// <summary>Sees every packet on entry, before anything happens to it; for tests that read the wire.</summary>
    public Action<Packet>? Observer { get; set; }

    /// <summary>Bytes in the queue, including those of the packet being sent.</summary>
    public long QueuedBytes { get; private set; }

    /// <summary>The time that a packet arriving now would wait: the true queueing delay.</summary>
    public long QueueDelayNanos
    {
        get
        {
            if (_transmitting is null)
            {
                return 0;
            }

            var waiting = QueuedBytes - _transmitting.WireBytes;
            return (_transmissionEnd - _run.Now) + SerialisationNanos(waiting);
        }
    }

    public void Enqueue(Packet packet)
    {
        Counters.Offered++;
        Observer?.Invoke(packet);
        if (IsLost())
        {
            Counters.Lost++;
            Drop(packet, TraceEvent.Lost);
            return;
        }

        if (MtuBytes > 0 && packet.IpBytes > MtuBytes)
        {
            if (!packet.AllowFragmentation || _settings.DropsFragments)
            {
                Counters.TooLong++;
                Drop(packet, TraceEvent.TooLong);
                return;
            }

            Fragment(packet);
        }

        if (BitsPerSecond == 0)
        {
            Propagate(packet);
            return;
        }

        if (QueueLimitBytes > 0 && QueuedBytes + packet.WireBytes > QueueLimitBytes)
        {
            Counters.QueueDrops++;
            Drop(packet, TraceEvent.QueueFull);
            return;
        }

        packet.EnqueuedAt = _run.Now;
        QueuedBytes += packet.WireBytes;
        _queue.Enqueue(packet);
        if (_transmitting is null)
        {
            TransmitNext();
        }
    }

    void IEventTarget.OnEvent(int tag)
    {
        switch (tag)
        {
            case TransmissionEnds:
                var sent = _transmitting!;
                _transmitting = null;
                QueuedBytes -= sent.WireBytes;
                TransmitNext();
                Propagate(sent);
                break;
            case NextArrives:
                var arrived = _inOrder.Dequeue();
                if (_inOrder.Count > 0)
                {
                    ref readonly var next = ref _inOrder.Head;
                    _run.ScheduleReserved(next.Time, next.Sequence, _target, NextArrives);
                }

                Deliver(arrived);
                break;
            default:
                var heldBack = _heldBack[tag]!;
                _heldBack[tag] = null;
                _freeHeldBack.Push(tag);
                Deliver(heldBack);
                break;
        }
    }

    private bool IsLost()
    {
        var isLost = LossProbability > 0 && _lossRandom.NextDouble() < LossProbability;
        return (_burstLoss is not null && _burstLoss.IsNextLost()) || isLost;
    }

    /// <summary>Charges a datagram for fragmentation. Its IP fragments travel together here, and cost a network and a link header each.</summary>
    private void Fragment(Packet packet)
    {
        var perFragment = (MtuBytes - Packet.IPv4Bytes) / 8 * 8;
        var fragments = (packet.IpBytes - Packet.IPv4Bytes + perFragment - 1) / perFragment;
        packet.WireBytes = packet.IpBytes + Packet.EthernetBytes + ((fragments - 1) * (Packet.IPv4Bytes + Packet.EthernetBytes));
        Counters.Fragmented++;
    }

    private long SerialisationNanos(long bytes) => bytes * 8 * Nanos.PerSecond / BitsPerSecond;

    private void TransmitNext()
    {
        if (NextFromQueue() is not { } packet)
        {
            return;
        }

        _transmitting = packet;
        _transmissionEnd = _run.Now + SerialisationNanos(packet.WireBytes);
        _run.Schedule(_transmissionEnd, _target, TransmissionEnds);
    }

    private Packet? NextFromQueue()
    {
        if (_codel is null)
        {
            return _queue.Count > 0 ? _queue.Dequeue() : null;
        }

        var packet = DequeueJudged(out var isAbove);
        if (_codel.IsDropping)
        {
            if (!isAbove)
            {
                _codel.StopDropping();
            }

            while (packet is not null && _codel.IsDropDue(_run.Now))
            {
                DropFromQueue(packet);
                _codel.CountDrop();
                packet = DequeueJudged(out isAbove);
                if (isAbove)
                {
                    _codel.ScheduleNextDrop();
                }
                else
                {
                    _codel.StopDropping();
                }
            }
        }
        else if (isAbove)
        {
            DropFromQueue(packet!);
            packet = DequeueJudged(out _);
            _codel.StartDropping(_run.Now);
        }

        return packet;
    }

    private Packet? DequeueJudged(out bool isAbove)
    {
        Debug.Assert(_codel is not null);
        if (_queue.Count == 0)
        {
            _codel.OnEmpty();
            isAbove = false;
            return null;
        }

        var packet = _queue.Dequeue();
        isAbove = _codel.IsAboveTarget(_run.Now, _run.Now - packet.EnqueuedAt, QueuedBytes - packet.WireBytes);
        return packet;
    }

    private void DropFromQueue(Packet packet)
    {
        QueuedBytes -= packet.WireBytes;
        Counters.ActiveQueueDrops++;
        Drop(packet, TraceEvent.ActiveQueueDrop);
    }

    private void Propagate(Packet packet)
    {
        if (_settings.DuplicateProbability > 0 && _duplicateRandom.NextDouble() < _settings.DuplicateProbability)
        {
            Counters.Duplicated++;
            var copy = _run.Packets.Rent();
            packet.CopyTo(copy);
            Record(copy, TraceEvent.Duplicated);
            Launch(copy);
        }

        Launch(packet);
    }

    private void Launch(Packet packet)
    {
        var arrival = _run.Now + PropagationNanos;
        if (_settings.JitterNanos > 0)
        {
            arrival += (long)(_jitterRandom.NextDouble() * _settings.JitterNanos);
        }

        if (_settings.ReorderProbability > 0 && _reorderRandom.NextDouble() < _settings.ReorderProbability)
        {
            Counters.Reordered++;
            HoldBack(packet, arrival + _settings.ReorderExtraNanos);
            return;
        }

        arrival = Math.Max(arrival, _lastArrival);
        _lastArrival = arrival;
        var sequence = _run.ReserveSequence();
        _inOrder.Enqueue(packet, arrival, sequence);
        if (_inOrder.Count == 1)
        {
            _run.ScheduleReserved(arrival, sequence, _target, NextArrives);
        }
    }

    private void HoldBack(Packet packet, long arrival)
    {
        if (!_freeHeldBack.TryPop(out var slot))
        {
            slot = _heldBack.Count;
            _heldBack.Add(null);
        }

        _heldBack[slot] = packet;
        _run.Schedule(arrival, _target, slot);
    }

    private void Deliver(Packet packet)
    {
        Counters.Delivered++;
        Counters.DeliveredBytes += packet.WireBytes;
        Record(packet, TraceEvent.Delivered);
        packet.Hop++;
        var route = packet.Route;
        if (packet.Hop < route.Links.Length)
        {
            route.Links[packet.Hop].Enqueue(packet);
        }
        else
        {
            route.Destination.Receive(packet);
        }
    }

    private void Drop(Packet packet, TraceEvent why)
    {
        Record(packet, why);
        _run.Packets.Return(packet);
    }

    private void Record(Packet packet, TraceEvent what) => _run.Trace.Record(_run.Now, _target, what, packet.WireBytes, packet.Datagram);
}
