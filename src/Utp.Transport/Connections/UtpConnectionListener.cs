using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Utp.Transport.Diagnostics;
using Utp.Transport.Engine;

namespace Utp.Transport;

/// <summary>
/// Accepts the connections of one local endpoint. Unbinding refuses new ones and nothing else: the UDP sockets are shared with the connections
/// that exist, and close with the last of them.
/// </summary>
internal sealed class UtpConnectionListener : IConnectionListener
{
    // Without a bound of its own: each shard's accept backlog is one, and every connection in here counts against it.
    private readonly Channel<UtpConnection> _accepted = Channel.CreateUnbounded<UtpConnection>();
    private int _unbound;
    private int _disposed;

    public UtpConnectionListener(UtpSocketGroup group, UtpListenerOptions options, UtpEndPoint endPoint)
    {
        Sockets = group;
        Options = options;
        EndPoint = endPoint;
    }

    /// <summary>A <see cref="UtpEndPoint"/> with the port really bound.</summary>
    public EndPoint EndPoint { get; }

    public UtpListenerOptions Options { get; }

    /// <summary>Where it listens: the sockets of its local endpoint.</summary>
    public UtpSocketGroup Sockets { get; }

    /// <summary>Connections that wait to be accepted.</summary>
    public int QueueLength => _accepted.Reader.Count;

    /// <summary>Takes the next connection; null when the listener is unbound. Throws for nothing that a peer or network does.</summary>
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
        if (Interlocked.Exchange(ref _unbound, 1) != 0)
        {
            return ValueTask.CompletedTask;
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
}
