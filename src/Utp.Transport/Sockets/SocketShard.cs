using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Sockets;
using Utp.Transport.Connections;
using Utp.Transport.Datagrams;
using Utp.Transport.Diagnostics;
using Utp.Transport.Engine;
using Utp.Transport.Sharing;

namespace Utp.Transport.Sockets;

/// <summary>
/// One UDP socket, which is a shard of its local endpoint, and its connections. One thread at a time changes them: the thread that has the turn. The
/// receive thread waits for datagrams and takes the turn with each batch. Application threads post to <see cref="PostedConnections"/> and take the
/// turn when it is free. No code of the application runs within a turn: pipes, tokens and tasks continue on the thread pool. If the options say so,
/// pipes continue on the receive thread after its turn.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "CleanUp ends them; the semaphore has no handle.")]
internal sealed partial class SocketShard
{
    private readonly UtpEngine _engine;
    private readonly UtpSocketGroup _group;
    private readonly SocketCore _core;
    private readonly IDatagramChannel _channel;
    private readonly UtpClock _clock;
    private readonly ILogger _logger;
    private readonly DatagramBatch _batch;

    /// <summary>Connections that have something to deliver, or that the application still has.</summary>
    private readonly HashSet<UtpConnection> _unsettled = [];

    /// <summary>Owns the connections that the core keeps only to acknowledge a repeated FIN, so that their pipes can be collected.</summary>
    private readonly object _lingeringOwner = new();

    /// <summary>The connections that <see cref="_lingeringOwner"/> owns.</summary>
    private readonly HashSet<ConnectionCore> _lingering = [];
    private UtpConnectionListener? _listener;
    private TaskCompletionSource? _settled;
    private ConnectionTotals _settledTotals;
    private int _backlogReleases;
    private int _releasedCount;
    private bool _closed;
    private bool _cleanedUp;
    private readonly OutgoingNonUtpDatagrams _outgoingNonUtp;

    /// <param name="group">The sockets of its local endpoint.</param>
    /// <param name="index">The place of this socket in the group.</param>
    /// <param name="channel">The channel, which the socket owns from now on.</param>
    /// <param name="options">The engine's options.</param>
    public SocketShard(UtpSocketGroup group, int index, IDatagramChannel channel, UtpTransportOptions options)
    {
        _group = group;
        _engine = group.Engine;
        _channel = channel;
        _batch = channel.CreateBatch();
        _refusedTrains = new bool[_batch.Capacity];
        _clock = _engine.Clock;
        _logger = _engine.Logger;
        Index = index;
        var settings = ToSettings(options) with { MaxFlightBytesPerMillisecond = FlightPerMillisecond(channel.ReceiveBufferBytes) };
        _core = new SocketCore(settings, new CryptographicRandomSource()) { Trace = _engine.TraceOf(LocalEndPoint) };
        _turn = new Turn(() => HasWork, RunTurn);
        _outgoingNonUtp = new OutgoingNonUtpDatagrams(this);
        _wokenInline = options.UnsafePreferInlineScheduling ? [] : null;
        _timer = _clock.TimeProvider == TimeProvider.System ? null : CreateTimer();
        _receiver = new Thread(ReceiveLoop) { IsBackground = true, Name = $"uTP {LocalEndPoint} {index}" };
    }

    /// <summary>Gets the place of this socket in the group.</summary>
    public int Index { get; }

    public IPEndPoint LocalEndPoint => _group.LocalEndPoint;

    public UtpEngine Engine => _engine;

    public SocketCore Core => _core;

    public bool IsClosed => Volatile.Read(ref _closed);

    /// <summary>Starts to receive.</summary>
    /// <exception cref="OutOfMemoryException">The system allows no further thread.</exception>
    public void Start() => _engine.StartThread(_receiver);

    /// <summary>Lets <paramref name="listener"/> accept connections here. Returns false when there is a listener already.</summary>
    public bool TryListen(UtpConnectionListener listener, ConnectionSettings acceptedConnections)
    {
        using (_turn.EnterScope())
        {
            if (_listener is not null || _closed)
            {
                return false;
            }

            _listener = listener;
            _core.AcceptedConnections = acceptedConnections;
            _core.IsListening = true;
            return true;
        }
    }

    /// <summary>Refuses new connections from now on. Existing ones stay open.</summary>
    public void StopListening(UtpConnectionListener listener)
    {
        using (_turn.EnterScope())
        {
            if (_listener == listener)
            {
                _listener = null;
                _core.IsListening = false;
            }
        }
    }

    /// <summary>
    /// Notes that an accepted connection was taken from the backlog. The next turn tells the core. That turn runs at once if a request to connect
    /// waits for the place; otherwise the next request to connect brings one.
    /// </summary>
    public void ReleaseBacklog()
    {
        Interlocked.Increment(ref _backlogReleases);
        TryRun();
    }

    /// <summary>Closes every connection. The task completes when each has delivered everything or has timed out.</summary>
    /// <param name="signal"><see cref="ConnectionSignals.Close"/>, or <see cref="ConnectionSignals.EngineStops"/>.</param>
    public Task CloseConnectionsAsync(ConnectionSignals signal = ConnectionSignals.Close)
    {
        Task settled;
        using (_turn.EnterScope())
        {
            foreach (var connection in _unsettled)
            {
                connection.PostWithoutTurn(signal);
            }

            _settled ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            settled = _settled.Task;
            SignalSettled();
        }

        return settled;
    }

    /// <summary>Gets the longest linger timeout of the connections that are left; zero when there are none.</summary>
    public TimeSpan LongestLinger() => Read(static socket =>
        socket._unsettled.Select(connection => connection.LingerTimeout).DefaultIfEmpty(TimeSpan.Zero).Max());

    /// <summary>Resets every connection that is left. Connections that linger send a RESET too, if the peer has not sent its FIN.</summary>
    /// <returns>The number of connections that had not delivered everything.</returns>
    public int AbortConnections()
    {
        using (_turn.EnterScope())
        {
            var count = _unsettled.Count;
            var reason = UtpErrors.EngineStopped();
            foreach (var connection in _unsettled)
            {
                connection.AbortWithoutTurn(reason);
            }

            foreach (var core in _lingering)
            {
                core.Abort(_clock.Now);
            }

            // In this turn: the caller closes the channel next, so the receive thread could not send what a turn that yields to it leaves.
            RunTurn();
            if (!_closed)
            {
                SendAll(yieldsTurn: false);
            }

            return count;
        }
    }

    public bool TrySendNonUtp(in PeerAddress remote, in LocalAddress local, ReadOnlySpan<byte> datagram) => _outgoingNonUtp.TryAdd(remote, local, datagram);

    /// <summary>Stops sending and receiving. Any thread, with or without a turn; <see cref="CloseChannel"/> follows.</summary>
    public void MarkClosed() => Volatile.Write(ref _closed, true);

    /// <summary>Closes the channel, which frees the address. Any thread, with or without a turn; <see cref="CleanUp"/> follows.</summary>
    public void CloseChannel() => _channel.Dispose();

    /// <summary>Ends the connections that are left on a closed socket. Peers are sent nothing.</summary>
    /// <returns>The totals of the socket; null when they were returned before.</returns>
    public UtpTransportCounters? CleanUp()
    {
        UtpTransportCounters counters;
        using (_turn.EnterScope())
        {
            if (_cleanedUp || !_closed)
            {
                return null;
            }

            _cleanedUp = true;
            _timer?.Dispose();
            StopSendRetries();
            DropPosted();
            foreach (var connection in _unsettled.ToArray())
            {
                connection.EndWithSocket(_group.Failure);
            }

            counters = CountersNow();
        }

        RunAndIgnoreExceptions(() => UtpLog.SocketClosed(_logger, LocalEndPoint));
        return counters;
    }

    /// <summary>Gets half of the receive buffer that the kernel has granted, from 64 KiB to 4 MiB.</summary>
    /// <remarks>
    /// Over a short path the bytes in flight wait in the kernel buffer of the peer. Its size is unknown here, but most peers are systems like this
    /// one, and a flight larger than that buffer ends in timeouts. Over a longer path the bytes are on their way: the 208 KiB that stock
    /// distributions grant must not limit a transatlantic connection to 1 MB/s. Half, because the kernel charges its bookkeeping to the same
    /// budget. Connections to one socket do not share the limit: equal shares of a small buffer would make trains short. That costs more than the
    /// few segments that overflow, which are retransmitted within a round trip.
    /// </remarks>
    private static int FlightPerMillisecond(int receiveBufferBytes) =>
        receiveBufferBytes == 0 ? 1024 * 1024 : Math.Clamp(receiveBufferBytes / 2, 64 * 1024, 4 * 1024 * 1024);

    private static SocketSettings ToSettings(UtpTransportOptions options) => new()
    {
        MaxConnections = options.MaxConnections,
        AcceptBacklog = options.AcceptBacklog,
        MaxHalfOpen = options.MaxHalfOpenConnections,
        MaxHalfOpenPerAddress = options.MaxHalfOpenConnectionsPerAddress,
        MaxResetsPerSecond = options.MaxResetsPerSecond,
    };

    private void SignalSettled()
    {
        if (_unsettled.Count == 0)
        {
            _settled?.TrySetResult();
        }
    }
}
