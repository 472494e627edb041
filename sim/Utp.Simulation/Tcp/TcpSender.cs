using Utp.Protocol.Sockets;
using Utp.Simulation.Network;

namespace Utp.Simulation.Tcp;

/// <summary>
/// A TCP sender that always has data, with the loss recovery of a present-day kernel: SACK, time-based detection (RFC 8985) that finds lost
/// retransmissions too, proportional rate reduction (RFC 6937), a tail probe, and a timeout of at least 200 ms above the round trip.
/// </summary>
internal sealed partial class TcpSender : INode, IEventTarget
{
    public const int SegmentBytes = 1_448;

    private const int WireBytes = SegmentBytes + Packet.EthernetBytes + Packet.IPv4Bytes + 20 + 12;

    private readonly SimulationRun _run;
    private readonly ITcpCongestion _congestion;
    private readonly TcpScoreboard _board = new();
    private readonly int _target;
    private readonly Route _forward;
    private long _armedAt = long.MaxValue;
    private bool _isStopped;

    public TcpSender(SimulationRun run, Route forward, ITcpCongestion congestion)
    {
        _run = run;
        _forward = forward;
        _congestion = congestion;
        _target = run.Register(this);
    }

    public TcpWindow Window { get; } = new();

    public long SegmentsSent { get; private set; }

    public long Retransmissions { get; private set; }

    public long Timeouts { get; private set; }

    public long LossEvents { get; private set; }

    public long SmoothedRoundTripNanos => _smoothedRoundTrip;

    public void Start() => Transmit();

    /// <summary>Ends the application: the sender sends nothing more, not even lost segments.</summary>
    public void Stop()
    {
        _isStopped = true;
        _timeoutAt = _reorderAt = _probeAt = long.MaxValue;
    }

    public void Receive(Packet packet)
    {
        if (!_isStopped)
        {
            HandleAcknowledgement(packet.Tcp);
        }

        _run.Packets.Return(packet);
        if (!_isStopped)
        {
            Transmit();
            Arm();
        }
    }

    void IEventTarget.OnEvent(int tag)
    {
        if (_run.Now != _armedAt)
        {
            return;
        }

        _armedAt = long.MaxValue;
        if (_isStopped)
        {
            return;
        }

        if (_run.Now >= _timeoutAt)
        {
            HandleTimeout();
        }

        if (_run.Now >= _reorderAt)
        {
            _reorderAt = long.MaxValue;
            DetectLoss();
            EnterRecoveryIfLost();
            ReduceProportionally(0);
        }

        if (_run.Now >= _probeAt)
        {
            ProbeTail();
        }

        Transmit();
        Arm();
    }

    private void Transmit()
    {
        var from = 0L;
        while (!_isStopped && _board.InFlight < Window.Segments)
        {
            var lost = _board.NextToRetransmit(from);
            if (lost >= 0)
            {
                Retransmit(lost);
                from = lost + 1;
            }
            else
            {
                SendNew();
            }
        }

        Arm();
    }

    private void SendNew()
    {
        Send(_board.SendNew(_run.Now));
        if (_timeoutAt == long.MaxValue)
        {
            RestartTimeout();
        }

        ScheduleProbe();
    }

    private void Retransmit(long sequence)
    {
        Retransmissions++;
        _board.Retransmit(sequence, _run.Now);
        Send(sequence);
        if (sequence == _board.Unacknowledged)
        {
            RestartTimeout();
        }
    }

    private void Send(long sequence)
    {
        SegmentsSent++;
        _reductionSent++;
        var packet = _run.Packets.Rent();
        packet.WireBytes = WireBytes;
        packet.Tcp.IsAck = false;
        packet.Tcp.Sequence = sequence;
        _forward.Send(packet);
    }

    private void Arm()
    {
        var due = Math.Min(_timeoutAt, Math.Min(_reorderAt, _probeAt));
        if (due < _armedAt)
        {
            _armedAt = due;
            _run.Schedule(due, _target, 0);
        }
    }
}
