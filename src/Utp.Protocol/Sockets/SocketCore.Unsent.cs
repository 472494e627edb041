using Utp.Protocol.Addresses;
using Utp.Protocol.Sending;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Sockets;

// What was sent and did not arrive, as far as anyone says so: ICMP errors from hosts on the way, and refusals of this system.
internal sealed partial class SocketCore
{
    /// <summary>
    /// Handles an ICMP "unreachable" error, which quotes the beginning of a datagram that was sent from this socket. A connection that is being
    /// established believes it if it quotes that connection's SYN. An established connection believes only an error of the peer's own host that no
    /// socket has the port, and only if it quotes a packet whose numbers and timestamp no other host can know: routes fail and recover, and a
    /// router's error can be forged. An error that quotes less than a uTP header is ignored: an off-path attacker who knows both ports could make it.
    /// </summary>
    /// <param name="now">When the error arrived.</param>
    /// <param name="remote">The address that the datagram was sent to.</param>
    /// <param name="isRefusal">Whether the host was reached, and no socket has the port.</param>
    /// <param name="quotedDatagram">The beginning of the datagram.</param>
    /// <param name="isFromPeersHost">Whether the error came from <paramref name="remote"/>'s address, and not from one on the way.</param>
    public void HandleUnreachable(Instant now, in PeerAddress remote, bool isRefusal, ReadOnlySpan<byte> quotedDatagram, bool isFromPeersHost = false)
    {
        if (!PacketHeader.TryRead(quotedDatagram, out var header))
        {
            return;
        }

        if (header.Type != PacketType.Syn)
        {
            // A packet carries its sender's send id, which is one above the receive id of an initiator and one below an acceptor's.
            _ = isRefusal && isFromPeersHost
                && (TryEndUnreachable(now, remote, header, -1) || TryEndUnreachable(now, remote, header, 1));
        }
        else if (_connections.TryGetValue(new ConnectionKey(remote, header.ConnectionId), out var connection))
        {
            connection.HandleUnreachable(header, isRefusal ? UtpCloseReason.Refused : UtpCloseReason.Unreachable);
            connection.Trace(now);
        }
    }

    /// <summary>
    /// The system refused a train as too long for the link (EMSGSIZE). The path MTU search learns of it, and the data is sent again, as fragments if
    /// necessary. If the system refuses those too, there is nothing smaller to send, and the timeout paces further attempts.
    /// </summary>
    public void HandleMessageTooLong(Instant now, in Transmit transmit)
    {
        Statistics.DatagramsTooLong++;
        if (transmit.SegmentSize <= PathMtuSearch.LeastBytes)
        {
            // No shorter datagram can carry the data.
            transmit.Connection?.HandleSendRefused(now);
        }
        else if (!transmit.AllowFragmentation)
        {
            transmit.Connection?.HandleMessageTooLong(now, transmit.SegmentSize);
        }
    }

    /// <summary>The system refused to send a train for another reason than its length: a rule forbids it, or no interface is up.</summary>
    public void HandleSendRefused(Instant now, in Transmit transmit)
    {
        Statistics.SendsRefused++;
        transmit.Connection?.HandleSendRefused(now);
    }

    /// <summary>The system refused the train that was written last as a whole, and took its datagrams one by one instead.</summary>
    public void HandleTrainRefused(Instant now, in Transmit transmit)
    {
        transmit.Connection?.HandleTrainRefused();
        Trains.OnTrainRefused(now);
    }

    private bool TryEndUnreachable(Instant now, in PeerAddress remote, in PacketHeader quoted, int offset)
    {
        var key = new ConnectionKey(remote, unchecked((ushort)(quoted.ConnectionId + offset)));
        if (!_connections.TryGetValue(key, out var connection) || !connection.HandlePortUnreachable(quoted))
        {
            return false;
        }

        connection.Trace(now);
        return true;
    }
}
