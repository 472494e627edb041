using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Time;
using Utp.Transport.Connections.Ending;
using Utp.Transport.Connections.Pipes;
using Utp.Transport.Diagnostics;
using Utp.Transport.Sockets;

namespace Utp.Transport.Connections;

/// <summary>
/// One connection as the application sees it. The methods of this part may run on any thread; they only post signals, which the turn handles in
/// the other parts. The engine keeps the connection alive while it is open, and delivers what was written after it is disposed.
/// </summary>
internal sealed partial class UtpConnection : ConnectionContext, IDuplexPipe
{
    private readonly SocketShard _socket;
    private readonly UtpConnectionOptions _options;
    private readonly PeerAddress _remote;

    /// <summary>Known for inbound connections, and for outbound ones before the connect completes. Not changed afterwards.</summary>
    private LocalAddress _local;
    private string? _connectionId;
    private IDuplexPipe? _transport;
    private EndPoint? _localEndPoint;
    private EndPoint? _remoteEndPoint;
    private IDictionary<object, object?>? _items;

    /// <summary>Initializes an inbound connection, within the turn.</summary>
    public UtpConnection(SocketShard socket, ConnectionCore core, UtpConnectionOptions options)
        : this(socket, core.Remote, options) => (_core, _connectionId, _local) = (core, core.TraceId, core.Local);

    /// <summary>Initializes an outbound connection; <see cref="ConnectAsync"/> follows.</summary>
    /// <param name="socket">The socket that the connection leaves from.</param>
    /// <param name="remote">The peer.</param>
    /// <param name="options">Not changed afterwards.</param>
    /// <param name="lease">Disposed when the connection no longer counts as one that the application has; runs no code of the application.</param>
    public UtpConnection(SocketShard socket, in PeerAddress remote, UtpConnectionOptions options, IDisposable? lease = null)
    {
        _lease = lease;
        _socket = socket;
        _options = options;
        _remote = remote;
        _end = new ConnectionEnd(options.CloseOnPeerFinish);
        _input = new ConnectionInput(this, socket.Engine.MemoryPool);
        _output = new ConnectionOutput(this, socket.Engine.MemoryPool, options.SendBufferSize);
        StartedAt = socket.Engine.Clock.Now;
    }

    public Instant StartedAt { get; }

    public ref readonly PeerAddress Remote => ref _remote;

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

    /// <summary>The pipes of the connection. Middleware may put others in front of them.</summary>
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

    /// <summary>How long a closed connection may take to deliver its last bytes.</summary>
    public TimeSpan LingerTimeout => _options.LingerTimeout;

    /// <summary>Resets the connection at once. Without a reason, closes it gracefully after the bytes already written. Never waits.</summary>
    /// <param name="abortReason">The exception that a reader sees.</param>
    public override void Abort(ConnectionAbortedException? abortReason)
    {
        // A disposed connection belongs to the engine, which still delivers the bytes written before.
        if (_end.IsDisposed)
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

    /// <summary>Closes gracefully. Waits until the connection is detached from the application, not for the network.</summary>
    /// <returns>Completes when the connection is closed on this side. The engine continues to deliver the bytes written before.</returns>
#pragma warning disable CA2215, CA1849 // The base has nothing to dispose, and completing these pipes never blocks.
    public override ValueTask DisposeAsync()
    {
        if (_end.TryDispose())
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

    /// <summary>Completes the output, and waits until the peer has acknowledged it: <see cref="IUtpConnectionFeature.CompleteWritesAsync"/>.</summary>
#pragma warning disable CA1849 // Completing this pipe never blocks.
    public ValueTask CompleteWritesAsync(CancellationToken cancellationToken)
    {
        var finished = LazyInitializer.EnsureInitialized(ref _finished, NewSignal);
        _end.NoteHalfClose();
        _output.Complete();
        if (_end.IsDelivered)
        {
            finished.TrySetResult();
        }

        return finished.Task.IsCompletedSuccessfully ? ValueTask.CompletedTask : new ValueTask(finished.Task.WaitAsync(cancellationToken));
    }
#pragma warning restore CA1849

    /// <summary>Tells the socket that the listener has taken the connection out of its queue.</summary>
    public void LeaveBacklog() => _socket.ReleaseBacklog();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// Gets the address that the peer's datagrams were sent to. Where the system does not tell, gets the address that the socket is bound to, in
    /// the family of the peer.
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
