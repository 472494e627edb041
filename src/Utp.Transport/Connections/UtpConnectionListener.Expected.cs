using System.Net;
using Utp.Protocol.Addresses;

namespace Utp.Transport.Connections;

/// <content>Connections of peers that the application waits for by address. They do not pass the queue of <see cref="AcceptAsync"/>.</content>
internal sealed partial class UtpConnectionListener
{
    private readonly Lock _expectedLock = new();
    private readonly Dictionary<PeerAddress, TaskCompletionSource<UtpConnection>> _expected = [];

    /// <summary>Waits for the next connection from a peer, or takes the first one that waits to be accepted.</summary>
    /// <exception cref="InvalidOperationException">Another call waits for the same peer.</exception>
    /// <exception cref="ObjectDisposedException">The listener is unbound.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled. No connection is lost.</exception>
    public async Task<UtpConnection> AcceptFromAsync(IPEndPoint remote, CancellationToken cancellationToken)
    {
        var peer = PeerAddress.FromEndPoint(remote);
        while (true)
        {
            var connection = await ExpectAsync(peer, cancellationToken).ConfigureAwait(false);
            connection.LeaveBacklog();
            if (!connection.IsEnded)
            {
                connection.RecordEstablished();
                return connection;
            }

            await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<UtpConnection> ExpectAsync(PeerAddress peer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var meeting = new TaskCompletionSource<UtpConnection>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_expectedLock)
        {
            ObjectDisposedException.ThrowIf(IsUnbound, typeof(UtpSocket));
            if (TryTakeWaiting(peer) is { } waiting)
            {
                return waiting;
            }

            if (!_expected.TryAdd(peer, meeting))
            {
                throw UtpErrors.PeerExpectedTwice(peer.ToEndPoint());
            }
        }

        // The first completion of the task decides: a connection that has arrived is returned even if the token is cancelled a moment later.
        using (cancellationToken.UnsafeRegister((_, token) => meeting.TrySetCanceled(token), null))
        {
            try
            {
                return await meeting.Task.ConfigureAwait(false);
            }
            finally
            {
                lock (_expectedLock)
                {
                    if (_expected.TryGetValue(peer, out var current) && current == meeting)
                    {
                        _expected.Remove(peer);
                    }
                }
            }
        }
    }

    /// <summary>Takes the first connection of a peer out of the queue. The others keep their order.</summary>
    private UtpConnection? TryTakeWaiting(in PeerAddress peer)
    {
        UtpConnection? found = null;
        for (var count = _accepted.Reader.Count; count > 0 && _accepted.Reader.TryRead(out var connection); count--)
        {
            if (found is null && connection.Remote == peer)
            {
                found = connection;
            }
            else
            {
                Requeue(connection);
            }
        }

        return found;
    }

    private void Requeue(UtpConnection connection)
    {
        if (!_accepted.Writer.TryWrite(connection))
        {
            // The listener was unbound in the meantime.
            connection.LeaveBacklog();
            connection.Abort(UtpErrors.NotAccepted());
        }
    }

    /// <summary>Gives a connection to the call that waits for its peer. Returns false when there is none.</summary>
    private bool TryMeet(UtpConnection connection) =>
        _expected.Remove(connection.Remote, out var meeting) && meeting.TrySetResult(connection);

    private void EndExpectations(Exception reason)
    {
        lock (_expectedLock)
        {
            foreach (var meeting in _expected.Values)
            {
                meeting.TrySetException(reason);
            }

            _expected.Clear();
        }
    }
}
