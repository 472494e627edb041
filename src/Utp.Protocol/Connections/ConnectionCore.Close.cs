using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Connections;

// Ends. A side finishes with a FIN, which is retransmitted like data; the other direction goes on. A closed connection is done when its FIN is
// acknowledged: the peer's FIN is not awaited, since libutp and Transmission may never send one. Then it lingers to acknowledge repeats.
internal sealed partial class ConnectionCore
{
    /// <summary>Timeouts of a FIN alone after which silence counts as agreement.</summary>
    private const int FinTries = 3;

    private const long MinTimeWaitMicros = 1_000_000;
    private const long MaxTimeWaitMicros = 3_000_000;

    private bool _finRequested;
    private bool _finSent;
    private bool _finAcknowledged;
    private bool _discardReceived;

    /// <summary>While connected: when a closed connection stops trying. While lingering: when it is forgotten.</summary>
    private Instant _lingerDeadline = Instant.Never;

    /// <summary>No more bytes will be appended: a FIN follows the buffered ones. Reading goes on (half-close).</summary>
    public void Finish(Instant now)
    {
        if (!_finRequested && State is ConnectionState.Connected or ConnectionState.SynSent)
        {
            _finRequested = true;
            _endpoint.Touch(this);
        }
    }

    /// <summary>Finish, and no interest in further received bytes: they are acknowledged and dropped. Ends within the linger time.</summary>
    public void Close(Instant now)
    {
        if (State == ConnectionState.SynSent)
        {
            Abort(now);
            return;
        }

        if (State != ConnectionState.Connected || _discardReceived)
        {
            return;
        }

        Finish(now);
        _discardReceived = true;
        _lingerDeadline = now + _settings.LingerMicros;

        // What the application will not read no longer takes up its window.
        _receiveWindow.OnConsumed(_receiveWindow.UnreadBytes, ReorderedBytes);
        CheckCompletion(now);
        Trace(now);
        _endpoint.Touch(this);
    }

    /// <summary>
    /// Sends a RESET and forgets the connection. One that is done and lingers is only forgotten; its peer hears of it if it has not finished,
    /// and would otherwise go on sending to nobody.
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
                if (!_peerFinReached)
                {
                    _endpoint.QueueReset(now, Remote, _local, _sendId, _receiveId, _segments.Next, _receiveNext - 1);
                }

                Release();
                break;
        }

        Trace(now);
    }

    /// <summary>A half-open connection is forgotten: nobody was told of it, so nobody is told now.</summary>
    internal void Expire() => Release();

    private void CheckCompletion(Instant now)
    {
        if (State == ConnectionState.Connected && _finAcknowledged && (_peerFinReached || _discardReceived))
        {
            EnterLingering(now);
        }
    }

    private void EnterLingering(Instant now)
    {
        State = ConnectionState.Lingering;
        _lingerDeadline = now + Math.Clamp(3 * RetransmissionTimeoutMicros, MinTimeWaitMicros, MaxTimeWaitMicros);
        CloseReason = UtpCloseReason.Graceful;
        Raise(ConnectionEvents.Closed);
        _endpoint.Touch(this);
    }

    /// <summary>The linger time is over. Only a FIN without its acknowledgement still counts as delivered.</summary>
    private void HandleCloseDeadline(Instant now)
    {
        var delivered = _sendBuffer.UnsentBytes == 0 && (_segments.Count == 0 || IsOnlyFinOutstanding);
        Fail(delivered ? UtpCloseReason.Graceful : UtpCloseReason.LingerTimeout, resetAt: delivered ? null : now);
    }

    private bool HandleReset(in PacketHeader reset)
    {
        if (!IsPlausibleReset(reset))
        {
            return false;
        }

        switch (State)
        {
            case ConnectionState.SynSent:
                AbandonOtherAttempts();
                Fail(UtpCloseReason.Refused, resetAt: null);
                break;
            case ConnectionState.SynReceived:
                _endpoint.ExpireHalfOpen(this);
                break;
            case ConnectionState.Lingering:
                Release();
                break;
            default:
                EndByPeer(CloseEvidence.None);
                break;
        }

        return true;
    }

    /// <summary>The peer has ended the connection. When both sides were done but for an acknowledgement, that is a proper end.</summary>
    private void EndByPeer(CloseEvidence evidence)
    {
        var delivered = _sendBuffer.UnsentBytes == 0 && (_segments.Count == 0 || IsOnlyFinOutstanding);
        var isClosing = _finSent && delivered && (_peerFinReached || _discardReceived);
        Evidence = evidence;
        Fail(isClosing ? UtpCloseReason.Graceful : UtpCloseReason.PeerReset, resetAt: null);
    }

    /// <summary>
    /// Off-path attackers guess: so a RESET must name a number that only this conversation can know. libutp's acknowledges the offending packet
    /// (a STATE's number is the next, unsent one) under a random number of its own; ours and libtorrent's refusals carry the expected number.
    /// </summary>
    private bool IsPlausibleReset(in PacketHeader reset)
    {
        if (State == ConnectionState.SynSent)
        {
            var acknowledgement = reset.Acknowledgement;
            return _attempts!.Exists(a => a.Sequence == acknowledgement);
        }

        var acknowledged = reset.Acknowledgement - _segments.First;
        return (acknowledged <= _segments.Count && acknowledged >= -(1 + AckSlack + _maxOutstandingCount)) || reset.Sequence == _receiveNext;
    }

    /// <summary>One attempt was refused; the answers to the others, should any come, are not wanted either.</summary>
    private void AbandonOtherAttempts() => AbandonAttempts(keep: _attempts!.FindIndex(a => a.ReceiveId == _demultiplexedId));

    private void Fail(UtpCloseReason reason, Instant? resetAt)
    {
        // Where another process may have taken the peer's place, a RESET would meet that one; a peer that lives learns the end with its next packet.
        if (resetAt is { } now && _mishaps is not { Doubt.IsOpen: true })
        {
            _endpoint.QueueReset(now, Remote, _local, _sendId, _receiveId, _segments.Next, _receiveNext - 1);
        }

        CloseReason = reason;
        Raise(ConnectionEvents.Closed);
        Release();
    }

    private void Release()
    {
        var isKnown = State != ConnectionState.SynReceived;
        State = ConnectionState.Released;
        foreach (var attempt in _attempts ?? [])
        {
            _endpoint.ReleaseReceiveId(this, attempt.ReceiveId);
        }

        _attempts = null;
        ReleaseMemory();
        _endpoint.Forget(this, isKnown);
        if (isKnown)
        {
            Raise(ConnectionEvents.Released);
        }
    }
}
