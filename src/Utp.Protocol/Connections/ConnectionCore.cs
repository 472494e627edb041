using System.Buffers;
using Utp.Protocol.Addresses;
using Utp.Protocol.Congestion;
using Utp.Protocol.Receiving;
using Utp.Protocol.Sending;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Protocol.Tracing;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Connections;

/// <summary>
/// One uTP connection (BEP 29). Members are called only by the one writer of its endpoint. Parts: handshake, receiving, acknowledgement of what
/// was sent, sending, timers, closing, tracing, invariants. Packets in and deadlines change state; only <c>TryWriteTrain</c> makes packets.
/// </summary>
internal sealed partial class ConnectionCore
{
    private readonly SocketCore _endpoint;
    private readonly ConnectionSettings _settings;
    private ICongestionController _controller;

    private ushort _receiveId;
    private ushort _sendId;

    private SendBuffer _sendBuffer;
    private InFlightSegments _segments;
    private PeerReorderLimit _reorderLimit = new();
    private RoundTripEstimator _roundTrip;
    private PathMtuSearch _pathMtu;
    private Pacer _pacer;

    private AckScheduler _acks = new();
    private ReceiveWindow _receiveWindow;
    private ReorderBuffer? _reordered;
    private byte[]? _lentBuffer;
    private SequenceNumber _receiveNext;

    /// <summary>Latest timestamp difference to echo: our clock at a packet's arrival less the packet's timestamp.</summary>
    private uint _replyDifference;
    private uint _peerWindowBytes;

    /// <summary>Null on a connection to which none has happened: on most.</summary>
    private Mishaps? _mishaps;

    private Instant _lastSentAt;
    private Instant _lastReceivedAt;

    internal ConnectionCore(SocketCore endpoint, in PeerAddress remote, ConnectionSettings settings, bool isInitiator, Instant now)
    {
        _endpoint = endpoint;
        _settings = settings;
        Remote = remote;
        IsInitiator = isInitiator;
        CreatedAt = now;
        _lastSentAt = now;
        _lastReceivedAt = now;
        _receiveWindow = new ReceiveWindow(settings.ReceiveBufferBytes);
        _pathMtu = new PathMtuSearch(remote.IsIPv4, remote.IsLoopback, settings.MtuCeilingBytes);
        _controller = CongestionControllers.Create(settings, WindowUnitBytes);
        _tracer = endpoint.Trace is { } sink ? new ConnectionTracer(sink, this) : null;
    }

    /// <summary>Whatever the driver wants to find again.</summary>
    public object? Owner { get; set; }

    public PeerAddress Remote { get; }

    public ConnectionState State { get; private set; }

    public UtpCloseReason CloseReason { get; private set; }

    /// <summary>True when this side sent the SYN.</summary>
    public bool IsInitiator { get; }

    /// <summary>Bytes at the front of the send buffer that are acknowledged and not yet released.</summary>
    public long AcknowledgedBytes => _sendBuffer.AcknowledgedBytes;

    /// <summary>The shortest round trip seen; zero before the first measurement.</summary>
    public long MinRoundTripMicros => _roundTrip.MinMicros;

    public ConnectionStatistics Statistics => new()
    {
        SmoothedRoundTripMicros = _roundTrip.SmoothedMicros,
        MinRoundTripMicros = _roundTrip.MinMicros,
        RetransmissionTimeoutMicros = RetransmissionTimeoutMicros,
        CongestionWindowBytes = _controller.CongestionWindowBytes,
        FlightBytes = _segments.FlightBytes,
        PeerWindowBytes = _peerWindowBytes,
        QueueingDelayMicros = _controller.QueueingDelayMicros,
        BaseDelayMicros = _controller.BaseDelayMicros,
        PathMtuBytes = _pathMtu.CurrentBytes,
        BytesSent = _bytesSent,
        BytesAcknowledged = _bytesSent - _segments.FlightBytes - _segments.LostBytes,
        BytesReceived = _bytesReceived,
        SegmentsSent = _segmentsSent,
        SegmentsRetransmitted = _mishaps?.SegmentsRetransmitted ?? 0,
        SpuriousRetransmissions = _mishaps?.SpuriousRetransmissions ?? 0,
        SegmentsReceived = _segmentsReceived,
        DuplicateSegmentsReceived = _mishaps?.DuplicateSegmentsReceived ?? 0,
        SegmentsLost = _mishaps?.SegmentsLost ?? 0,
        Timeouts = _mishaps?.Timeouts ?? 0,
        CongestionEvents = _mishaps?.CongestionEvents ?? 0,
        AcksSent = _acksSent,
    };

    /// <summary>The controller's phase, for traces.</summary>
    public string CongestionPhase => _controller.Phase;

    internal Instant CreatedAt { get; }

    /// <summary>Where the connection stands in the endpoint's timer table; -1 for nowhere.</summary>
    internal int TimerIndex { get; set; } = -1;

    internal bool IsTransmitQueued { get; set; }

    internal ConnectionEvents PendingEvents { get; set; }

    /// <summary>Neighbours in the endpoint's list of half-open connections, oldest first.</summary>
    internal LinkedListNode<ConnectionCore>? HalfOpenNode { get; set; }

    /// <summary>Payload of a full segment at the present path MTU.</summary>
    private int SegmentBytes => _pathMtu.CurrentBytes - PacketHeader.Size;

    /// <summary>
    /// What the congestion controller takes for a segment. Segments of a safe size are smaller than those of the flows that they share links
    /// with, which have Ethernet size; windows are counted in theirs, so that a loss costs no more and a round trip gains no less. On a path
    /// that is narrower still, all flows have small segments.
    /// </summary>
    private int WindowUnitBytes =>
        _pathMtu.CurrentBytes < PathMtuSearch.BaseIPv6 ? SegmentBytes : Math.Max(SegmentBytes, PathMtuSearch.EthernetIPv4 - PacketHeader.Size);

    private Mishaps Mishap => _mishaps ??= new Mishaps();

    private long ReorderedBytes => _reordered?.Bytes ?? 0;

    /// <summary>
    /// Shows the core everything that is buffered for sending: the bytes from the oldest unreleased one to the newest. Called when bytes were
    /// appended, and after bytes were released. The memory of a byte, once shown, must not move or change until released. Bytes are released by
    /// passing <paramref name="releasedBytes"/>: how many at the old front (at most <see cref="AcknowledgedBytes"/>) are no longer in
    /// <paramref name="buffered"/>.
    /// </summary>
    public void HandleSendBuffer(Instant now, in ReadOnlySequence<byte> buffered, long releasedBytes)
    {
        var unsentBefore = _sendBuffer.UnsentBytes;
        _sendBuffer.Update(buffered, releasedBytes);
        if (unsentBefore == 0 && _sendBuffer.UnsentBytes > 0 && !_segments.HasFlight && State == ConnectionState.Connected)
        {
            _controller.OnIdle(now, now - _lastDataSentAt);
        }

        _endpoint.Touch(this);
    }

    /// <summary>The application consumed received bytes; the receive window opens, and may be announced.</summary>
    public void HandleConsumed(Instant now, long bytes)
    {
        var wasClosed = _receiveWindow.IsClosedToPeer;
        if (_receiveWindow.OnConsumed(bytes, ReorderedBytes) && State == ConnectionState.Connected && !_peerFinReached)
        {
            _acks.RequireImmediate();
            if (wasClosed)
            {
                RepeatWindowUpdate(now, WindowUpdateRepeats);
            }

            _endpoint.Touch(this);
        }
    }

    /// <summary>After a datagram: the next run of payload that became in order because a gap was filled. Valid until the next call on the core.</summary>
    public bool TryTakeReordered(out ReadOnlySpan<byte> payload)
    {
        ReturnLentBuffer();
        while (_readyCount > 0)
        {
            _readyCount--;
            var taken = _reordered!.TryTake(_readyNext, out var buffer, out var length);
            Invariant.Holds(taken, "a ready segment is held");
            _readyNext += 1;
            if (length == 0)
            {
                continue;
            }

            _lentBuffer = buffer;
            Deliver(length);
            payload = buffer.AsSpan(0, length);
            return true;
        }

        payload = default;
        return false;
    }

    internal void Raise(ConnectionEvents events) => _endpoint.Raise(this, events);

    /// <summary>Memory that outlives the connection's use goes back to where it came from.</summary>
    internal void ReleaseMemory()
    {
        ReturnLentBuffer();
        _reordered?.Clear();
        _reordered = null;
        _readyCount = 0;
    }

    private void ReturnLentBuffer()
    {
        if (_lentBuffer is { } buffer)
        {
            _lentBuffer = null;
            _endpoint.SegmentBuffers.Return(buffer);
        }
    }

    /// <summary>What goes wrong on the way.</summary>
    private sealed class Mishaps
    {
        public long SegmentsRetransmitted;
        public long SpuriousRetransmissions;
        public long DuplicateSegmentsReceived;
        public long SegmentsLost;
        public long Timeouts;
        public long CongestionEvents;

        /// <summary>Since when retransmissions have brought no progress.</summary>
        public Instant StalledSince;

        /// <summary>When sending is tried again that the system has refused; zero when it was not.</summary>
        public Instant RefusedUntil;

        /// <summary>Since when the system has refused every attempt, and the latest refusal.</summary>
        public Instant RefusedSince;
        public Instant LastRefusedAt;

        public SynDoubt? Doubt;
    }
}
