using Utp.Protocol.Connections.Closing;
using Utp.Protocol.Connections.Timers;
using Utp.Protocol.Receiving;
using Utp.Protocol.Time;
using Utp.Transport;

namespace Utp.Protocol.Connections;

// How connections end. A side finishes with a FIN, which is retransmitted like data; the other direction continues. A closed connection is done when
// its FIN is acknowledged: the peer's FIN is not awaited, since libutp and Transmission may never send one. Then it lingers to acknowledge
// packets that the peer repeats.
internal sealed partial class ConnectionCore
{
    private const long MinTimeWaitMicros = 1_000_000;
    private const long MaxTimeWaitMicros = 3_000_000;

    /// <summary>The application appends no more bytes: a FIN follows the buffered ones. Received bytes are still delivered (half-close).</summary>
    public void Finish(Instant now)
    {
        if (!_ends.IsFinRequested && State is ConnectionState.Connected or ConnectionState.SynSent)
        {
            _ends.RequestFin();
            _socket.Touch(this);
        }
    }

    /// <summary>Finishes, and acknowledges and drops the bytes that still arrive. Ends within the linger time.</summary>
    public void Close(Instant now)
    {
        if (State == ConnectionState.SynSent)
        {
            Abort(now);
            return;
        }

        if (State != ConnectionState.Connected || _ends.DiscardsReceived)
        {
            return;
        }

        Finish(now);
        _ends.DiscardReceived();
        _deadlines.Set(ConnectionTimer.Linger, now + _settings.LingerMicros);

        // Bytes that the application will not read no longer take up its window.
        var unread = _receiveWindow.UnreadBytes;
        _receiveWindow.OnConsumed(_rates is null ? unread : _rates.OnConsumed(unread), _received.HeldBytes);
        CheckCompletion(now);
        Trace(now);
        _socket.Touch(this);
    }

    /// <summary>
    /// Sends a RESET and forgets the connection. A lingering connection is only forgotten, unless the peer has not finished: it gets a RESET too,
    /// because it would otherwise continue to send.
    /// </summary>
    public void Abort(Instant now)
    {
        switch (State)
        {
            case ConnectionState.SynSent:
                AbandonAttempts(keep: -1);
                Fail(UtpCloseReason.LocalAbort, resetAt: null);
                break;
            case ConnectionState.Connected:
                Fail(UtpCloseReason.LocalAbort, resetAt: now);
                break;
            case ConnectionState.Lingering:
                if (!_ends.IsPeerFinReached)
                {
                    QueueReset(now);
                }

                Release();
                break;
        }

        Trace(now);
    }

    /// <summary>A half-open connection is forgotten. The application never learned of it, so no event is raised.</summary>
    internal void Expire() => Release();

    private void CheckCompletion(Instant now)
    {
        if (State == ConnectionState.Connected && _ends.IsComplete)
        {
            EnterLingering(now);
        }
    }

    private void EnterLingering(Instant now)
    {
        Enter(ConnectionState.Lingering);
        var wait = Math.Clamp(3 * _retransmission.TimeoutMicros(_roundTrip), MinTimeWaitMicros, MaxTimeWaitMicros);
        _deadlines.Set(ConnectionTimer.Linger, now + wait);
        CloseReason = UtpCloseReason.Graceful;
        Raise(ConnectionEvents.Closed);
        _socket.Touch(this);
    }

    /// <summary>The linger time is over. While connected, only a FIN without its acknowledgement still counts as delivered.</summary>
    private void HandleLingerTimeout(Instant now)
    {
        if (State == ConnectionState.Lingering)
        {
            Release();
            return;
        }

        var isDelivered = IsAllButFinDelivered;
        Fail(isDelivered ? UtpCloseReason.Graceful : UtpCloseReason.LingerTimeout, resetAt: isDelivered ? null : now);
    }

    private bool IsAllButFinDelivered => _sendBuffer.UnsentBytes == 0 && (_segments.Count == 0 || IsOnlyFinOutstanding);

    /// <summary>The peer has ended the connection. If only an acknowledgement was missing on both sides, that is a graceful end.</summary>
    private void EndByPeer(CloseEvidence evidence)
    {
        var isClosing = _ends.IsFinSent && IsAllButFinDelivered && _ends.IsReceivingOver;
        Evidence = evidence;
        Fail(isClosing ? UtpCloseReason.Graceful : UtpCloseReason.PeerReset, resetAt: null);
    }

    private void Fail(UtpCloseReason reason, Instant? resetAt)
    {
        // Another process may have taken the peer's place, and a RESET would reach that one. A peer that lives learns of the end with its next packet.
        if (resetAt is { } now && _mishaps is not { Doubt.IsOpen: true })
        {
            QueueReset(now);
        }

        CloseReason = reason;
        Raise(ConnectionEvents.Closed);
        Release();
    }

    private void Release()
    {
        var isKnown = State != ConnectionState.SynReceived;
        Enter(ConnectionState.Released);
        foreach (var attempt in _handshake.Attempts)
        {
            _socket.ReleaseReceiveId(this, attempt.ReceiveId);
        }

        _handshake.ForgetAttempts();
        _received.Release(_socket.SegmentBuffers);
        _socket.Forget(this, isKnown);
        if (isKnown)
        {
            Raise(ConnectionEvents.Released);
        }
    }
}
