using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Utp.Protocol.Addresses;
using Utp.Protocol.Congestion;
using Utp.Protocol.Connections.Closing;
using Utp.Protocol.Connections.Failures;
using Utp.Protocol.Connections.Opening;
using Utp.Protocol.Connections.Statistics;
using Utp.Protocol.Connections.Timers;
using Utp.Protocol.Rates;
using Utp.Protocol.Receiving;
using Utp.Protocol.Sending;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Protocol.Tracing;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Connections;

/// <summary>
/// One uTP connection (BEP 29). Packets and deadlines change its state; only <see cref="TryWriteTrain"/> makes packets. Members are called only by
/// the one writer of its socket.
/// <para>
/// The parts say what happens: Handshake, Receive, Acknowledge, Losses (what is marked lost), Send (what leaves next), Write (how it looks on the
/// wire), Rates (limits in bytes per second), Timers, Liveness (silence), Evidence (signs that the peer is gone), Outages, Close, Tracing and
/// Invariants.
/// </para>
/// <para>
/// The state is in objects, each with one subject. What leaves: <see cref="SendBuffer"/> (bytes), <see cref="InFlightSegments"/>,
/// <see cref="RoundTripEstimator"/>, <see cref="RetransmissionTimer"/>, <see cref="LossDetection"/>, <see cref="WindowProbe"/>,
/// <see cref="PeerReorderLimit"/>, <see cref="PathMtuSearch"/>, <see cref="Pacer"/> and the congestion controller. What arrives:
/// <see cref="Reassembly"/>, <see cref="ReceiveWindow"/> and <see cref="AckScheduler"/>. The connection as a whole: <see cref="Handshake"/>,
/// <see cref="StreamEnds"/>, <see cref="Liveness"/>, <see cref="TimestampExchange"/>, <see cref="LocalAddressPin"/>, <see cref="Deadlines"/>,
/// <see cref="TrafficCounters"/> and <see cref="Mishaps"/>.
/// </para>
/// </summary>
internal sealed partial class ConnectionCore
{
    private readonly SocketCore _socket;
    private ConnectionSettings _settings;

    private Handshake _handshake;
    private StreamEnds _ends;
    private Liveness _liveness;
    private TimestampExchange _timestamps;
    private LocalAddressPin _localAddress;
    private Deadlines _deadlines = new();
    private TrafficCounters _counters;

    /// <summary>Allocated when something first goes wrong; null on most connections.</summary>
    private Mishaps? _mishaps;

    private ICongestionController _controller;
    private SendBuffer _sendBuffer;
    private InFlightSegments _segments;
    private RoundTripEstimator _roundTrip;
    private RetransmissionTimer _retransmission;
    private LossDetection _losses;
    private WindowProbe _windowProbe;
    private PeerReorderLimit _reorderLimit = new();
    private PathMtuSearch _pathMtu;
    private Pacer _pacer;

    private Reassembly _received;
    private ReceiveWindow _receiveWindow;
    private AckScheduler _acks = new();

    internal ConnectionCore(SocketCore socket, in PeerAddress remote, ConnectionSettings settings, bool isInitiator, Instant now)
    {
        _socket = socket;
        _settings = settings;
        Remote = remote;
        IsInitiator = isInitiator;
        CreatedAt = now;
        _liveness = new Liveness(now);
        _receiveWindow = new ReceiveWindow(settings.ReceiveBufferBytes);
        _pathMtu = new PathMtuSearch(remote.IsIPv4, remote.IsLoopback, settings.MtuCeilingBytes);
        StartController();
        StartRates(now);
        _tracer = socket.Trace is { } sink ? new ConnectionTracer(sink, this) : null;
    }

    /// <summary>An object of the driver, which the core only keeps.</summary>
    public object? Owner { get; set; }

    public PeerAddress Remote { get; }

    public ConnectionState State { get; private set; }

    public UtpCloseReason CloseReason { get; private set; }

    /// <summary>True when this side sent the SYN.</summary>
    public bool IsInitiator { get; }

    /// <summary>The address that packets leave from if the system has it; <c>default</c> before it is known, and where the system chooses.</summary>
    public LocalAddress Local => _localAddress.Source;

    /// <summary>Bytes at the front of the send buffer that are acknowledged and not yet released.</summary>
    public long AcknowledgedBytes => _sendBuffer.AcknowledgedBytes;

    /// <summary>The shortest round trip seen; zero before the first measurement.</summary>
    public long MinRoundTripMicros => _roundTrip.MinMicros;

    internal Instant CreatedAt { get; }

    /// <summary>The connection's place in the socket's timer table; -1 for none.</summary>
    internal int TimerIndex { get; set; } = -1;

    internal bool IsTransmitQueued { get; set; }

    internal ConnectionEvents PendingEvents { get; set; }

    /// <summary>The connection's node in the socket's list of half-open connections, oldest first.</summary>
    internal LinkedListNode<ConnectionCore>? HalfOpenNode { get; set; }

    /// <summary>Payload of a full segment at the present path MTU.</summary>
    private int SegmentBytes => _pathMtu.CurrentBytes - PacketHeader.Size;

    /// <summary>
    /// The segment size that the congestion controller counts in. Segments of a safe size are smaller than those of the flows that they share links
    /// with, which have Ethernet size. Windows are counted in the larger size, so that a loss costs no more and a round trip gains no less. On a
    /// path that is narrower still, all flows have small segments.
    /// </summary>
    private int WindowUnitBytes =>
        _pathMtu.CurrentBytes < PathMtuSearch.BaseIPv6 ? SegmentBytes : Math.Max(SegmentBytes, PathMtuSearch.EthernetIPv4 - PacketHeader.Size);

    /// <summary>
    /// Shows the core everything that is buffered for sending: the bytes from the oldest unreleased one to the newest. Called when bytes were
    /// appended, and after bytes were released. The memory of a byte, once shown, must not move or change until released. Bytes are released by
    /// passing <paramref name="releasedBytes"/>: the number of bytes at the old front (at most <see cref="AcknowledgedBytes"/>) that are no longer
    /// in <paramref name="buffered"/>.
    /// </summary>
    public void HandleSendBuffer(Instant now, in ReadOnlySequence<byte> buffered, long releasedBytes)
    {
        var unsentBefore = _sendBuffer.UnsentBytes;
        _sendBuffer.Update(buffered, releasedBytes);
        var resumes = unsentBefore == 0 && _sendBuffer.UnsentBytes > 0 && !_segments.HasFlight && State == ConnectionState.Connected;

        // A connection that has never sent has not been idle: its initial window is still right, however long ago it was established.
        if (resumes && _counters.SegmentsSent > 0)
        {
            _controller.OnIdle(now, now - _retransmission.LastSentAt);
        }

        _socket.Touch(this);
    }

    /// <summary>The application consumed received bytes; the receive window opens, and may be announced.</summary>
    public void HandleConsumed(Instant now, long bytes) => OpenWindow(now, _rates is null ? bytes : _rates.OnConsumed(bytes));

    /// <summary>The system refused to send from this address, and sent the train from another one.</summary>
    public void HandleLocalAddressGone(in LocalAddress lost) => _localAddress.OnGone(lost);

    /// <summary>A packet of the peer came to this address.</summary>
    internal void Pin(in LocalAddress local) => _localAddress.OnPacket(local);

    /// <summary>Whether the address is not the one that the peer knows this end by. As for TCP, a RESET to it is about something else.</summary>
    internal bool IsElsewhere(in LocalAddress local) => _localAddress.IsElsewhere(local);

    internal void Raise(ConnectionEvents events) => _socket.Raise(this, events);

    /// <summary>Opens the receive window by bytes that need no room any more, and announces it if it has opened noticeably.</summary>
    private void OpenWindow(Instant now, long bytes)
    {
        var wasClosed = _receiveWindow.IsClosedToPeer;
        if (_receiveWindow.OnConsumed(bytes, _received.HeldBytes) && State == ConnectionState.Connected && !_ends.IsPeerFinReached)
        {
            _acks.RequireImmediate();
            if (wasClosed)
            {
                _deadlines.Set(ConnectionTimer.WindowUpdate, _windowProbe.OnWindowOpened(now));
            }

            _socket.Touch(this);
        }
    }

    private Mishaps EnsureMishaps() => _mishaps ??= new Mishaps();

    /// <summary>Goes to another state. A connection never returns to an earlier one.</summary>
    private void Enter(ConnectionState state)
    {
        Invariant.Holds(state >= State, "a connection's state only advances");
        State = state;
    }

    /// <summary>Begins with a new congestion controller, in slow start.</summary>
    [MemberNotNull(nameof(_controller))]
    private void StartController() => _controller = CongestionControllers.Create(_settings, WindowUnitBytes);
}
