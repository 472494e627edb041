using Utp.Protocol.Connections;
using Utp.Protocol.Time;
using Utp.Transport.Connections.Ending;
using Utp.Transport.Sockets;

namespace Utp.Transport.Connections;

/// <content>The handshake of an outbound connection.</content>
internal sealed partial class UtpConnection
{
    private ConnectionSettings? _connectSettings;
    private TaskCompletionSource? _connected;
    private byte _unsendableRequests;

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
                // The turn completes the task without knowing the caller's token.
                throw new OperationCanceledException(cancellationToken);
            }
        }
    }

    /// <summary>
    /// Counts a request to connect that the system has refused to send. One refusal may be about another peer, because some systems report an error
    /// with the next call, or about an interface that is coming up. The second one ends the attempt.
    /// </summary>
    public void NoteUnsendableRequest()
    {
        if (++_unsendableRequests == 2)
        {
            // Sending raises no events, so the next turn ends the attempt.
            PostWithoutTurn(ConnectionSignals.Unsendable);
        }
    }

    private void StartConnecting(Instant now)
    {
        _core = _socket.Connect(now, this, _remote, _connectSettings!);
        if (_core is null)
        {
            var limit = _socket.Engine.MaxConnections;
            _connected!.TrySetException(
                _socket.Core.ConnectionCount >= limit ? UtpErrors.TooManyConnections(limit) : UtpErrors.NoFreeId(_remote.ToEndPoint()));
            Apply(now, EndCause.ClosedByCore, UtpCloseReason.LocalAbort);
            Apply(now, EndCause.CoreReleased);
            return;
        }

        // Logs and the trace use the same name for the connection.
        Interlocked.CompareExchange(ref _connectionId, _core.TraceId, null);
    }

    private void CancelConnecting(Instant now)
    {
        if (_connected!.Task.IsCompleted)
        {
            return;
        }

        _connected.TrySetCanceled();
        if (_core is not null && _closeReason == UtpCloseReason.None)
        {
            Apply(now, EndCause.Aborted, UtpCloseReason.LocalAbort);
        }
    }
}
