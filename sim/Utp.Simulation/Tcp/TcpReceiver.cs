using Utp.Simulation.Network;

namespace Utp.Simulation.Tcp;

/// <summary>
/// Acknowledges every second segment, at most 40 ms late, or at once when the order breaks or is restored; with up to three SACK blocks.
/// </summary>
internal sealed class TcpReceiver : INode, IEventTarget
{
    private const int HeaderBytes = Packet.EthernetBytes + Packet.IPv4Bytes + 20 + 12;
    private const long AckDelayNanos = 40 * Nanos.PerMillisecond;

    /// <summary>Number of first segments that are acknowledged one by one, as kernels do to speed up slow start.</summary>
    private const int QuickSegments = 16;

    private readonly SimulationRun _run;
    private readonly int _target;

    /// <summary>Runs of segments beyond the gap, the most recently extended first.</summary>
    private readonly List<(long Start, long End)> _beyond = [];
    private long _ackDueAt = long.MaxValue;
    private int _unacknowledged;
    private long _arrived;

    public TcpReceiver(SimulationRun run)
    {
        _run = run;
        _target = run.Register(this);
    }

    public Route? Back { get; set; }

    /// <summary>Number of segments received in order.</summary>
    public long Next { get; private set; }

    public long Duplicates { get; private set; }

    public void Receive(Packet packet)
    {
        var sequence = packet.Tcp.Sequence;
        _run.Packets.Return(packet);
        _arrived++;
        _unacknowledged++;
        var isInOrder = sequence == Next && _beyond.Count == 0;
        Take(sequence);
        if (!isInOrder || _unacknowledged >= 2 || _arrived <= QuickSegments)
        {
            Acknowledge();
        }
        else if (_ackDueAt == long.MaxValue)
        {
            _ackDueAt = _run.Now + AckDelayNanos;
            _run.Schedule(_ackDueAt, _target, 0);
        }
    }

    void IEventTarget.OnEvent(int tag)
    {
        if (_run.Now == _ackDueAt)
        {
            Acknowledge();
        }
    }

    private void Take(long sequence)
    {
        if (sequence < Next || _beyond.Exists(run => sequence >= run.Start && sequence < run.End))
        {
            Duplicates++;
            return;
        }

        if (sequence > Next)
        {
            TakeBeyond(sequence);
            return;
        }

        Next++;
        for (var i = _beyond.FindIndex(run => run.Start == Next); i >= 0; i = _beyond.FindIndex(run => run.Start == Next))
        {
            Next = _beyond[i].End;
            _beyond.RemoveAt(i);
        }
    }

    private void TakeBeyond(long sequence)
    {
        var merged = (Start: sequence, End: sequence + 1);
        for (var i = _beyond.Count - 1; i >= 0; i--)
        {
            var run = _beyond[i];
            if (run.End == merged.Start || run.Start == merged.End)
            {
                merged = (Math.Min(run.Start, merged.Start), Math.Max(run.End, merged.End));
                _beyond.RemoveAt(i);
            }
        }

        _beyond.Insert(0, merged);
    }

    private void Acknowledge()
    {
        _ackDueAt = long.MaxValue;
        _unacknowledged = 0;
        var packet = _run.Packets.Rent();
        var fields = packet.Tcp;
        fields.IsAck = true;
        fields.Acknowledgement = Next;
        fields.SackBlockCount = Math.Min(_beyond.Count, TcpFields.MaxSackBlocks);
        for (var i = 0; i < fields.SackBlockCount; i++)
        {
            fields.SackBlocks[i] = _beyond[i];
        }

        packet.WireBytes = HeaderBytes + (fields.SackBlockCount > 0 ? 4 + (8 * fields.SackBlockCount) : 0);
        Back!.Send(packet);
    }
}
