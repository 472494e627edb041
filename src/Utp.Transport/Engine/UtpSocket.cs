using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Utp.Protocol;
using Utp.Transport.Datagrams;
using Utp.Transport.Diagnostics;

namespace Utp.Transport.Engine;

/// <summary>
/// One UDP socket and the connections on it, driven by one writer at a time: whoever has the turn. A thread of its own waits for datagrams
/// and takes the turn with each batch; application threads post to <see cref="PostedConnections"/> and take the turn themselves when it is
/// free. No code of the application runs inside a turn: pipes, tokens and tasks continue on the thread pool.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "CleanUp ends them; the semaphore has no handle.")]
internal sealed partial class UtpSocket
{
    private readonly UtpEngine _engine;
    private readonly EndpointCore _core;
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
    private readonly ForeignDatagrams _foreign;

    /// <param name="engine">Whose socket it is.</param>
    /// <param name="channel">Owned from now on.</param>
    /// <param name="options">The engine's.</param>
    /// <param name="key">What the engine finds it by.</param>
    /// <param name="outlivesReferences">Whether it stays open for a while when nothing refers to it: for ports that nobody chose.</param>
    public UtpSocket(UtpEngine engine, IDatagramChannel channel, UtpTransportOptions options, IPEndPoint key, bool outlivesReferences)
    {
        _engine = engine;
        _channel = channel;
        _batch = channel.CreateBatch();
        _clock = engine.Clock;
        _logger = engine.Logger;
        Key = key;
        OutlivesReferences = outlivesReferences;
        LocalEndPoint = channel.LocalEndPoint;
        var settings = ToSettings(options) with { MaxFlightBytesPerMillisecond = FlightPerMillisecond(channel.ReceiveBufferBytes) };
        _core = new EndpointCore(settings, new CryptographicRandomSource()) { Trace = engine.TraceOf(LocalEndPoint) };
        _turn = new Turn(() => HasWork, RunTurn);
        _foreign = new ForeignDatagrams(engine, this);
        _timer = CreateTimer();
        _receiver = new Thread(ReceiveLoop) { IsBackground = true, Name = $"uTP {LocalEndPoint}" };
    }

    public IPEndPoint Key { get; }

    public IPEndPoint LocalEndPoint { get; }

    public UtpEngine Engine => _engine;

    public EndpointCore Core => _core;

    /// <summary>Listeners, connections and lingering closes; guarded by the engine's lock.</summary>
    public int ReferenceCount { get; set; }

    public bool OutlivesReferences { get; }

    /// <summary>Since when there are no references; guarded by the engine's lock.</summary>
    public Instant UnreferencedSince { get; set; }

    public bool IsClosed => Volatile.Read(ref _closed);

    /// <summary>Begins to receive. Not part of construction, so that a socket that lost a race never runs.</summary>
    public void Start() => _receiver.UnsafeStart();

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

    /// <summary>An accepted connection was taken from the backlog. Told to the core with the next turn: the next request to connect is one.</summary>
    public void ReleaseBacklog() => Interlocked.Increment(ref _backlogReleases);

    /// <summary>Closes every connection gracefully; the task completes when each has delivered everything or given up.</summary>
    public Task CloseConnectionsAsync()
    {
        Task settled;
        using (_turn.EnterScope())
        {
            foreach (var connection in _unsettled)
            {
                connection.PostWithoutTurn(ConnectionSignals.Close);
            }

            _settled ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            settled = _settled.Task;
            SignalSettled();
        }

        return settled;
    }

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

    public bool TrySendForeign(IPEndPoint remote, ReadOnlySpan<byte> datagram) => _foreign.TrySend(remote, datagram);

    /// <summary>Ends the channel, and with it the address. Any thread, with or without a turn; <see cref="CleanUp"/> follows.</summary>
    public void Shut()
    {
        Volatile.Write(ref _closed, true);
        _channel.Dispose();
    }

    /// <summary>Ends what is left on a socket that is shut, without a word to peers.</summary>
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
            _timer.Dispose();
            StopSendRetries();
            DropPosted();
            foreach (var connection in _unsettled.ToArray())
            {
                connection.EndWithSocket();
            }

            counters = CountersNow();
        }

        UtpLog.SocketClosed(_logger, LocalEndPoint);
        return counters with { AcceptQueueLength = 0 };
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

    private static EndpointSettings ToSettings(UtpTransportOptions options) => new()
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
