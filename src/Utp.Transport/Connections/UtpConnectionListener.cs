using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Utp.Protocol.Time;
using Utp.Transport.Diagnostics;
using Utp.Transport.Sockets;

namespace Utp.Transport.Connections;

/// <summary>
/// Accepts the connections of one local endpoint. Unbinding refuses new ones and nothing else: the UDP sockets are shared with the connections
/// that exist, and close with the last of them.
/// </summary>
internal sealed class UtpConnectionListener : IConnectionListener
{
    /// <summary>How often sockets may fail in a minute before the listener is given up.</summary>
    private const int MaxRecoveriesPerPeriod = 5;
    private const long RecoveryPeriodMicros = 60_000_000;

    // Without a bound of its own: each shard's accept backlog is one, and every connection in here counts against it.
    private readonly Channel<UtpConnection> _accepted = Channel.CreateUnbounded<UtpConnection>();
    private readonly Lock _lock = new();
    private UtpSocketGroup _sockets;
    private Instant _recoveringSince;
    private int _recoveries;
    private bool _unbound;
    private int _disposed;

    public UtpConnectionListener(UtpSocketGroup group, UtpListenerOptions options, UtpEndPoint endPoint)
    {
        _sockets = group;
        Options = options;
        EndPoint = endPoint;
    }

    /// <summary>A <see cref="UtpEndPoint"/> with the port really bound.</summary>
    public EndPoint EndPoint { get; }

    public UtpListenerOptions Options { get; }

    /// <summary>Where it listens: the sockets of its local endpoint. Others take their place when they fail.</summary>
    public UtpSocketGroup Sockets => Volatile.Read(ref _sockets);

    public bool IsUnbound => Volatile.Read(ref _unbound);

    /// <summary>Connections that wait to be accepted.</summary>
    public int QueueLength => _accepted.Reader.Count;

    /// <summary>
    /// Takes the next connection; null when the listener is unbound. Throws for nothing that a peer or network does, but for sockets that have
    /// failed and cannot be bound again: then for every caller, from then on.
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
                    // Reset by its peer, or lost, while it waited: of no use to anybody.
                    await connection.DisposeAsync().ConfigureAwait(false);
                    continue;
                }

                connection.RecordEstablished();
                return connection;
            }
        }

        return null;
    }

    /// <summary>Refuses new connections, resets those not yet accepted, and lets a pending accept return null. Never waits.</summary>
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

    /// <summary>Called with the turn, so never when <see cref="UnbindAsync"/> has taken the listener off the sockets.</summary>
    internal bool TryEnqueue(UtpConnection connection) => _accepted.Writer.TryWrite(connection);

    /// <summary>Whether binding again makes sense: not when sockets keep failing as soon as they are bound.</summary>
    internal bool MayBindAgain(Instant now)
    {
        if (now - _recoveringSince > RecoveryPeriodMicros)
        {
            _recoveringSince = now;
            _recoveries = 0;
        }

        return _recoveries < MaxRecoveriesPerPeriod;
    }

    /// <summary>Takes sockets, on which it listens already, in place of failed ones. False when it was unbound meanwhile.</summary>
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

    /// <summary>No connection will come any more: every accept throws from now on.</summary>
    internal void Fail(Exception failure) => _accepted.Writer.TryComplete(failure);
}
