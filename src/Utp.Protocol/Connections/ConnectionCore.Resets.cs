using Utp.Protocol.Connections.Closing;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Connections;

// RESETs of this connection, received and sent. SocketCore first drops RESETs that came to another local address, and finds those of libutp, which carry
// a neighbouring id. It also answers packets that belong to no connection, and limits the rate of all RESETs.
internal sealed partial class ConnectionCore
{
    /// <summary>Handles a RESET. Returns whether it was plausible.</summary>
    private bool HandleReset(in PacketHeader reset, ushort receiveId)
    {
        if (!IsPlausibleReset(reset))
        {
            return false;
        }

        switch (State)
        {
            case ConnectionState.SynSent:
                // One attempt was refused; answers to the others are not wanted either.
                AbandonAttempts(keep: _handshake.IndexOf(receiveId));
                Fail(UtpCloseReason.Refused, resetAt: null);
                break;
            case ConnectionState.SynReceived:
                _socket.ExpireHalfOpen(this);
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

    /// <summary>
    /// Whether a RESET carries a number that only the peer can know; off-path attackers have to guess. libutp's RESET acknowledges the offending
    /// packet (a STATE's number is the next, unsent one) under a random number of its own. The refusals of this implementation and of libtorrent
    /// carry the expected number.
    /// </summary>
    private bool IsPlausibleReset(in PacketHeader reset)
    {
        if (State == ConnectionState.SynSent)
        {
            return _handshake.HasAttempt(reset.Acknowledgement);
        }

        var acknowledged = reset.Acknowledgement - _segments.First;
        return (acknowledged <= _segments.Count && acknowledged >= -(1 + AckSlack + _segments.MaxCount)) || reset.Sequence == _received.Next;
    }

    private void QueueReset(Instant now) => _socket.QueueReset(
        now, Remote, _localAddress.Known, _handshake.SendId, _handshake.ReceiveId, _segments.Next, _received.Acknowledgement);
}
