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
/// One UDP socket, a shard of its local endpoint, and the connections on it, driven by one writer at a time: whoever has the turn. A thread of
/// its own waits for datagrams and takes the turn with each batch; application threads post to <see cref="PostedConnections"/> and take the
/// turn themselves when it is free. No code of the application runs inside a turn: pipes, tokens and tasks continue on the thread pool, or, if
/// the options say so, pipes on the receive thread after its turn.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "CleanUp ends them; the semaphore has no handle.")]
internal sealed partial class UtpSocket
{
    private readonly UtpEngine _engine;
    private readonly UtpSocketGroup _group;
    private readonly SocketCore _core;
    private readonly IDatagramChannel _channel;
    private readonly UtpClock _clock;
    private readonly ILogger _logger;
    private readonly DatagramBatch _batch;

    /// <summary>Connections with something to deliver or to tell the application.</summary>
    private readonly HashSet<UtpConnection> _unsettled = [];

    /// <summary>Owns what the core keeps of connections that are done, to acknowledge a repeated FIN: their pipes need not last as long.</summary>
    private readonly object _lingeringOwner = new();

    /// <summary>Those that <see cref="_lingeringOwner"/> owns.</summary>
    private readonly HashSet<ConnectionCore> _lingering = [];
    private UtpConnectionListener? _listener;
    private TaskCompletionSource? _settled;
    private ConnectionTotals _settledTotals;
    private int _backlogReleases;
    private int _releasedCount;
    private bool _closed;
    private bool _cleanedUp;
    private readonly OutgoingNonUtpDatagrams _foreign;

    /// <param name="group">Those that share its local endpoint.</param>
    /// <param name="index">Which of them it is.</param>
    /// <param name="channel">Owned from now on.</param>
    /// <param name="options">The engine's.</param>
    public UtpSocket(UtpSocketGroup group, int index, IDatagramChannel channel, UtpTransportOptions options)
    {
        _group = group;
        _engine = group.Engine;
        _channel = channel;
        _batch = channel.CreateBatch();
        _clock = _engine.Clock;
        _logger = _engine.Logger;
        Index = index;
        var settings = ToSettings(options) with { MaxFlightBytesPerMillisecond = FlightPerMillisecond(channel.ReceiveBufferBytes) };
        _core = new SocketCore(settings, new CryptographicRandomSource()) { Trace = _engine.TraceOf(LocalEndPoint) };
        _turn = new Turn(() => HasWork, RunTurn);
        _foreign = new OutgoingNonUtpDatagrams(this);
        _wokenInline = options.UnsafePreferInlineScheduling ? [] : null;
        _timer = _clock.TimeProvider == TimeProvider.System ? null : CreateTimer();
        _receiver = new Thread(ReceiveLoop) { IsBackground = true, Name = $"uTP {LocalEndPoint} {index}" };
    }

    /// <summary>Its place in the group.</summary>
    public int Index { get; }

    public IPEndPoint LocalEndPoint => _group.LocalEndPoint;

    public UtpEngine Engine => _engine;

    public SocketCore Core => _core;

    public bool IsClosed => Volatile.Read(ref _closed);

    /// <summary>Begins to receive.</summary>
    /// <exception cref="OutOfMemoryException">The system allows no further thread.</exception>
    public void Start() => _engine.StartThread(_receiver);

    /// <summary>Makes <paramref name="listener"/> the one that accepts here; false when there is one already.</summary>
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

    /// <summary>Refuses new connections from now on; those that exist go on.</summary>
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
    /// An accepted connection was taken from the backlog. Told to the core with the next turn: at once if somebody waits for its place, and
    /// otherwise the next request to connect is one.
    /// </summary>
    public void ReleaseBacklog()
    {
        Interlocked.Increment(ref _backlogReleases);
        TryRun();
    }

    /// <summary>Closes every connection; the task completes when each has delivered everything or given up.</summary>
    /// <param name="signal">How: <see cref="ConnectionSignals.Close"/>, or <see cref="ConnectionSignals.EngineStops"/>.</param>
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

    /// <summary>The longest linger timeout of the connections that are left; zero when there are none.</summary>
    public TimeSpan LongestLinger() => Read(static socket =>
        socket._unsettled.Select(connection => connection.LingerTimeout).DefaultIfEmpty(TimeSpan.Zero).Max());

    /// <summary>Resets every connection that is left. Peers that have not finished hear of it, also from those that linger.</summary>
    /// <returns>How many had not delivered everything.</returns>
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

            // Here and now: the caller closes the channel next, so the receiver could no longer go on where a turn that yields to it stops.
            RunTurn();
            if (!_closed)
            {
                SendAll(yieldsTurn: false);
            }

            return count;
        }
    }

    public bool TrySendForeign(in PeerAddress remote, in LocalAddress local, ReadOnlySpan<byte> datagram) => _foreign.TryAdd(remote, local, datagram);

    /// <summary>From now on nothing is sent and nothing received. Any thread, with or without a turn; <see cref="CloseChannel"/> follows.</summary>
    public void MarkClosed() => Volatile.Write(ref _closed, true);

    /// <summary>Gives the address back. Any thread, with or without a turn; <see cref="CleanUp"/> follows.</summary>
    public void CloseChannel() => _channel.Dispose();

    /// <summary>Ends what is left on a socket that is closed, without a word to peers.</summary>
    /// <returns>Its totals; null when that was done before.</returns>
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

        Quietly(() => UtpLog.SocketClosed(_logger, LocalEndPoint));
        return counters;
    }

    /// <summary>Half of what the kernel granted for receiving, from 64 KiB to 4 MiB.</summary>
    /// <remarks>
    /// Over a short path what is in flight waits in the *peer's* kernel buffer, of which we know nothing; but peers are mostly systems like this
    /// one, and a flight larger than that buffer collapses into timeouts. Over a longer path it is on its way: 208 KiB, what stock
    /// distributions grant, must not bound a transatlantic connection to 1 MB/s. Half, because the kernel charges its bookkeeping to the same
    /// budget. Connections to one socket do not share it: equal shares of a small buffer make trains short, which costs more than the few
    /// segments that overflow, since those are resent within a round trip.
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
