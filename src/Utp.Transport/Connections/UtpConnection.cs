using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Time;
using Utp.Transport.Connections.Pipes;
using Utp.Transport.Diagnostics;
using Utp.Transport.Sockets;

namespace Utp.Transport.Connections;

/// <summary>
/// One connection as the application sees it. This part runs on any thread and only posts; what the executor does is in the other part.
/// The engine keeps it alive while it is open, and delivers what was written after it is disposed.
/// </summary>
internal sealed partial class UtpConnection : ConnectionContext, IDuplexPipe, IPipeOwner
{
    private readonly UtpSocket _socket;
    private readonly UtpConnectionOptions _options;
    private readonly ConnectionInput _input;
    private readonly ConnectionOutput _output;
    private readonly PeerAddress _remote;

    /// <summary>Known for inbound connections, and for outbound ones before the connect completes. Not changed afterwards.</summary>
    private LocalAddress _local;
    private string? _connectionId;
    private IDuplexPipe? _transport;
    private EndPoint? _localEndPoint;
    private EndPoint? _remoteEndPoint;
    private IDictionary<object, object?>? _items;
    private ConnectionAbortedException? _abortReason;
    private TaskCompletionSource? _detached;
    private TaskCompletionSource? _finished;
    private int _signals;
    private int _disposed;
    private long _consumedBytes;
    private bool _halfClosed;

    /// <summary>An inbound connection; called with the turn.</summary>
    public UtpConnection(UtpSocket socket, ConnectionCore core, UtpConnectionOptions options)
        : this(socket, core.Remote, options) => (_core, _connectionId, _local) = (core, core.TraceId, core.Local);

    /// <summary>An outbound connection; <see cref="ConnectAsync"/> follows.</summary>
    /// <param name="socket">Where it leaves from.</param>
    /// <param name="remote">The peer.</param>
    /// <param name="options">Not changed afterwards.</param>
    /// <param name="lease">Disposed when the connection no longer counts as one that the application has; runs no code of the application.</param>
    public UtpConnection(UtpSocket socket, in PeerAddress remote, UtpConnectionOptions options, IDisposable? lease = null)
    {
        _lease = lease;
        _socket = socket;
        _options = options;
        _remote = remote;
        _input = new ConnectionInput(this, socket.Engine.MemoryPool);
        _output = new ConnectionOutput(this, socket.Engine.MemoryPool, options.SendBufferSize);
        StartedAt = socket.Engine.Clock.Now;
    }

    /// <summary>The next of the posted connections; belongs to <see cref="PostedConnections"/>.</summary>
    public UtpConnection? NextPosted { get; set; }

    public Instant StartedAt { get; }

    /// <inheritdoc />
    public override string ConnectionId
    {
        get => Volatile.Read(ref _connectionId) ?? Interlocked.CompareExchange(ref _connectionId, ConnectionIds.Next(), null) ?? _connectionId;
        set => _connectionId = value;
    }

    /// <inheritdoc />
    public override IFeatureCollection Features => this;

    /// <inheritdoc />
    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    /// <summary>The pipes; middleware may put others in front of them.</summary>
    public override IDuplexPipe Transport
    {
        get => _transport ?? this;
        set => _transport = value;
    }

    /// <inheritdoc />
    public override EndPoint? LocalEndPoint
    {
        get => _localEndPoint ??= LocalEndPointFor(_socket.LocalEndPoint);
        set => _localEndPoint = value;
    }

    /// <inheritdoc />
    public override EndPoint? RemoteEndPoint
    {
        get => _remoteEndPoint ??= _remote.ToEndPoint();
        set => _remoteEndPoint = value;
    }

    PipeReader IDuplexPipe.Input => _input;

    PipeWriter IDuplexPipe.Output => _output;

    public MemoryPool<byte> MemoryPool => _socket.Engine.MemoryPool;

    /// <summary>Whether the application has, or could still get, something from this connection.</summary>
    public bool IsEnded => Volatile.Read(ref _inputEnded) && RefusesOutput;

    /// <summary>Ends at once with a RESET; without a reason, gracefully after what is already written. Never waits.</summary>
    /// <param name="abortReason">What a reader gets to see.</param>
    public override void Abort(ConnectionAbortedException? abortReason)
    {
        // A disposed connection belongs to the engine, which still delivers what was written before.
        if (Volatile.Read(ref _disposed) != 0)
        {
            return;
        }

        if (abortReason is null)
        {
            Post(ConnectionSignals.Close);
            return;
        }

        if (Interlocked.CompareExchange(ref _abortReason, abortReason, null) is null)
        {
            UtpLog.Aborting(_socket.Engine.ConnectionLogger, ConnectionId, abortReason.Message);
        }

        Post(ConnectionSignals.Abort);
    }

    /// <summary>Resets the connection.</summary>
    public override void Abort() => Abort(UtpErrors.AbortedByApplication());

    /// <summary>Closes gracefully. Waits only until the connection is detached from the application, not for the network.</summary>
    /// <returns>Completes when the connection is closed on this side; the engine goes on to deliver what was written.</returns>
#pragma warning disable CA2215, CA1849 // The base has nothing to dispose; completing these pipes never blocks.
    public override ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _input.Complete();
            _output.Complete();
            Post(ConnectionSignals.Dispose);
        }

        if (IsDetached)
        {
            return ValueTask.CompletedTask;
        }

        var detached = LazyInitializer.EnsureInitialized(ref _detached, NewSignal);
        if (IsDetached)
        {
            detached.TrySetResult();
        }

        return new ValueTask(detached.Task);
    }
#pragma warning restore CA2215, CA1849

    /// <summary>As <see cref="IUtpConnectionFeature.CompleteWritesAsync"/>.</summary>
#pragma warning disable CA1849 // As above.
    public ValueTask CompleteWritesAsync(CancellationToken cancellationToken)
    {
        var finished = LazyInitializer.EnsureInitialized(ref _finished, NewSignal);
        Volatile.Write(ref _halfClosed, true);
        _output.Complete();
        if (IsFinished)
        {
            finished.TrySetResult();
        }

        return finished.Task.IsCompletedSuccessfully ? ValueTask.CompletedTask : new ValueTask(finished.Task.WaitAsync(cancellationToken));
    }
#pragma warning restore CA1849

    /// <summary>Runs the handshake.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">Refused, timed out or unreachable.</exception>
    public async Task ConnectAsync(ConnectionSettings settings, CancellationToken cancellationToken)
    {
        _connectSettings = settings;
        _connected = NewSignal();
        Post(ConnectionSignals.Connect);
        using (cancellationToken.UnsafeRegister(static state => ((UtpConnection)state!).Post(ConnectionSignals.CancelConnect), this))
        {
            try
            {
                await _connected.Task.ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // The executor completes the task without knowing the caller's token.
                throw new OperationCanceledException(cancellationToken);
            }
        }
    }

    /// <summary>The listener has taken the connection out of its queue.</summary>
    public void LeaveBacklog() => _socket.ReleaseBacklog();

    /// <summary>Hands something to the executor, and runs it when the executor is idle.</summary>
    public void Post(ConnectionSignals signals)
    {
        if (Mark(signals))
        {
            _socket.Post(this);
        }
    }

    /// <summary>The same from within a turn.</summary>
    public void PostWithoutTurn(ConnectionSignals signals)
    {
        if (Mark(signals))
        {
            _socket.PostWithoutTurn(this);
        }
    }

    /// <summary>Aborts from within a turn.</summary>
    public void AbortWithoutTurn(ConnectionAbortedException reason)
    {
        Interlocked.CompareExchange(ref _abortReason, reason, null);
        PostWithoutTurn(ConnectionSignals.Abort);
    }

    /// <summary>
    /// The application has read received bytes. The executor looks at the count whenever a datagram comes; it is woken only for as much as
    /// opens the receive window noticeably.
    /// </summary>
    void IPipeOwner.Consumed(long bytes)
    {
        if (Interlocked.Add(ref _consumedBytes, bytes) >= _options.ReceiveBufferSize / 4)
        {
            Post(ConnectionSignals.Consumed);
        }
    }

    void IPipeOwner.Wake(IThreadPoolWorkItem waiter) => _socket.Wake(waiter);

    void IPipeOwner.InputCompleted() => Post(ConnectionSignals.InputCompleted);

    void IPipeOwner.OutputFlushed() => Post(ConnectionSignals.Output);

    void IPipeOwner.OutputCompleted() => Post(ConnectionSignals.Output);

    void IPipeOwner.OutputFailed(Exception exception) => Abort(UtpErrors.OutputFailed(exception));

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>False when the connection is queued already: then whoever queued it sees to the rest.</summary>
    private bool Mark(ConnectionSignals signals) =>
        (Interlocked.Or(ref _signals, (int)(signals | ConnectionSignals.Queued)) & (int)ConnectionSignals.Queued) == 0;

    /// <summary>
    /// The address that the peer has dialled, or that its answer came to. Where the system does not tell, what the socket is bound to, in the
    /// family of the peer.
    /// </summary>
    private IPEndPoint LocalEndPointFor(IPEndPoint local)
    {
        if (!_local.IsUnspecified)
        {
            return _local.ToEndPoint(local.Port);
        }

        if (!_remote.IsIPv4)
        {
            return local;
        }

        return local.Address.Equals(IPAddress.IPv6Any)
            ? new IPEndPoint(IPAddress.Any, local.Port)
            : PeerAddress.FromEndPoint(local).ToEndPoint();
    }
}
