using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Utp.Transport.Diagnostics;
using Utp.Transport.Engine;

namespace Utp.Transport;

/// <summary>
/// Accepts the connections of one local endpoint. Unbinding refuses new ones and nothing else: the UDP socket is shared with the connections
/// that exist, and closes with the last of them.
/// </summary>
internal sealed class UtpConnectionListener : IConnectionListener
{
    private readonly UtpSocket _socket;

    // Without a bound of its own: the core's accept backlog is one, and every connection in here counts against it.
    private readonly Channel<UtpConnection> _accepted = Channel.CreateUnbounded<UtpConnection>();
    private int _unbound;
    private int _disposed;

    public UtpConnectionListener(UtpSocket socket, UtpListenerOptions options, UtpEndPoint endPoint)
    {
        _socket = socket;
        Options = options;
        EndPoint = endPoint;
    }

    /// <summary>A <see cref="UtpEndPoint"/> with the port really bound.</summary>
    public EndPoint EndPoint { get; }

    public UtpListenerOptions Options { get; }

    /// <summary>Connections that wait to be accepted.</summary>
    public int QueueLength => _accepted.Reader.Count;

    /// <summary>Takes the next connection; null when the listener is unbound. Throws for nothing that a peer or network does.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (_accepted.Reader.TryRead(out var connection))
            {
                _socket.ReleaseBacklog();
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

        _socket.StopListening(this);
        _accepted.Writer.TryComplete();
        while (_accepted.Reader.TryRead(out var connection))
        {
            _socket.ReleaseBacklog();
            connection.Abort(UtpErrors.NotAccepted());
        }

        UtpLog.ListenerUnbound(_socket.Engine.Logger, EndPoint.ToString()!);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync().ConfigureAwait(false);
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            UtpLog.ListenerClosed(_socket.Engine.Logger, EndPoint.ToString()!);
            _socket.Engine.ReleaseReference(_socket);
        }
    }

    /// <summary>Called with the turn, so never while <see cref="UnbindAsync"/> takes the listener off the socket.</summary>
    internal bool TryEnqueue(UtpConnection connection) => _accepted.Writer.TryWrite(connection);
}
