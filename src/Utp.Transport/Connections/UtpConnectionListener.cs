using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Utp.Protocol.Time;
using Utp.Transport.Diagnostics;
using Utp.Transport.Sockets;

namespace Utp.Transport.Connections;

/// <summary>
/// Accepts the connections of one local endpoint. After unbinding it refuses new connections. The UDP sockets are shared with the existing
/// connections, and close with the last of them.
/// </summary>
internal sealed partial class UtpConnectionListener : IConnectionListener, IUtpRateLimited
{
    /// <summary>Maximum number of recoveries in a minute. After more failures the listener fails for good.</summary>
    private const int MaxRecoveriesPerPeriod = 5;
    private const long RecoveryPeriodMicros = 60_000_000;

    // It needs no bound: every connection in it counts against the accept backlog of its shard.
    private readonly Channel<UtpConnection> _accepted = Channel.CreateUnbounded<UtpConnection>();
    private readonly Lock _lock = new();
    private readonly ConnectionLeases _leases;
    private UtpSocketGroup _sockets;
    private Instant _recoveringSince;
    private int _recoveries;
    private bool _unbound;
    private int _disposed;

    /// <param name="group">The sockets of the local endpoint, on which it does not listen yet.</param>
    /// <param name="options">The options of the listener. They do not change afterwards.</param>
    /// <param name="endPoint">The endpoint that it reports, with the port that is bound.</param>
    /// <param name="leases">Counts the connections that the application has. It may count others too.</param>
    public UtpConnectionListener(UtpSocketGroup group, UtpListenerOptions options, EndPoint endPoint, ConnectionLeases leases)
    {
        _sockets = group;
        _leases = leases;
        Options = options;
        EndPoint = endPoint;
    }

    /// <summary>Gets the endpoint with the port that is bound, of the type that the caller of the bind has used.</summary>
    public EndPoint EndPoint { get; }

    public UtpListenerOptions Options { get; }

    /// <summary>Gets the limits that the accepted connections share.</summary>
    public IUtpRateLimits RateLimits => (IUtpRateLimits)Options.SharedRates!;

    /// <summary>Gets the sockets of the local endpoint. Others replace them when they fail.</summary>
    public UtpSocketGroup Sockets => Volatile.Read(ref _sockets);

    public bool IsUnbound => Volatile.Read(ref _unbound);

    /// <summary>Gets whether the application has its maximum number of connections. Another thread may change it at any time.</summary>
    public bool IsFull => _leases.IsFull;

    /// <summary>Gets the number of connections that wait to be accepted.</summary>
    public int QueueLength => _accepted.Reader.Count;

    /// <summary>
    /// Waits for the next connection. Returns null when the listener is unbound. Nothing that a peer or the network does makes it throw. It throws, for
    /// every caller from then on, when the sockets have failed and cannot be bound again.
    /// </summary>
    /// <exception cref="IOException">The UDP socket has failed, and the address could not be bound again.</exception>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (_accepted.Reader.TryRead(out var connection))
            {
                connection.LeaveBacklog();
                if (connection.IsEnded)
                {
                    // The peer has reset it, or it has timed out, while it waited.
                    await connection.DisposeAsync().ConfigureAwait(false);
                    continue;
                }

                connection.RecordEstablished();
                return connection;
            }
        }

        return null;
    }

    /// <summary>Refuses new connections, resets those not yet accepted, and completes a pending accept with null. Never waits.</summary>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            if (_unbound)
            {
                return ValueTask.CompletedTask;
            }

            _unbound = true;
        }

        Sockets.StopListening(this);
        _accepted.Writer.TryComplete();
        EndExpectations(new ObjectDisposedException(nameof(UtpSocket), "The socket has stopped accepting connections."));
        while (_accepted.Reader.TryRead(out var connection))
        {
            connection.LeaveBacklog();
            connection.Abort(UtpErrors.NotAccepted());
        }

        UtpLog.ListenerUnbound(Sockets.Engine.Logger, EndPoint.ToString()!);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync().ConfigureAwait(false);
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            UtpLog.ListenerClosed(Sockets.Engine.Logger, EndPoint.ToString()!);
            Sockets.Engine.ReleaseReference(Sockets);
        }
    }

    /// <summary>
    /// Queues a connection to be accepted. Within the turn, so never after <see cref="UnbindAsync"/> has removed the listener. Returns false when the
    /// application has its maximum number of connections.
    /// </summary>
    internal bool TryEnqueue(UtpConnection connection)
    {
        if (_leases.TryTake() is not { } lease)
        {
            return false;
        }

        // If the connection is refused after all, its end returns the lease.
        connection.TakeLease(lease);
        lock (_expectedLock)
        {
            return TryMeet(connection) || _accepted.Writer.TryWrite(connection);
        }
    }

    /// <summary>Gets whether the listener may bind again. It may not if its sockets keep failing soon after they are bound.</summary>
    internal bool MayBindAgain(Instant now)
    {
        if (now - _recoveringSince > RecoveryPeriodMicros)
        {
            _recoveringSince = now;
            _recoveries = 0;
        }

        return _recoveries < MaxRecoveriesPerPeriod;
    }

    /// <summary>Replaces failed sockets by others on which it listens already. Returns false when it was unbound in the meantime.</summary>
    internal bool TryMoveTo(UtpSocketGroup group)
    {
        lock (_lock)
        {
            if (_unbound)
            {
                return false;
            }

            _recoveries++;
            Volatile.Write(ref _sockets, group);
            return true;
        }
    }

    /// <summary>Ends the listener: every accept throws from now on.</summary>
    internal void Fail(Exception failure)
    {
        _accepted.Writer.TryComplete(failure);
        EndExpectations(failure);
    }
}
