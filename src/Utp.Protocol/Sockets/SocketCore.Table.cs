using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Sockets;

// Which connection a packet belongs to: connection ids, admission of new connections, and answers to packets that belong to none.
internal sealed partial class SocketCore
{
    /// <summary>Number of random ids that are tried first. With fewer than 15,000 connections to one peer, the first few suffice.</summary>
    private const int IdDraws = 64;

    /// <summary>
    /// Number of consecutive ids that are tried when no random id was free. An id blocks its neighbours too. So with 20,000 connections to one peer,
    /// which may only linger, hardly a tenth of all ids are free, and one connect in a thousand would find none at random.
    /// </summary>
    private const int IdSteps = 4_096;

    /// <summary>Interop: libutp computes X + 1 in 32 bits, so that a SYN with this id never works against it.</summary>
    private const ushort UnusableId = 0xFFFF;

    internal bool TryReserveReceiveId(ConnectionCore connection, out ushort receiveId)
    {
        receiveId = 0;
        for (var draw = 0; draw < IdDraws; draw++)
        {
            receiveId = (ushort)Random.NextUInt32();
            if (TryTakeReceiveId(connection, receiveId))
            {
                return true;
            }
        }

        // A repeated SYN can do without an id of its own; the first one cannot.
        for (var step = 0; step < IdSteps && connection.ReceiveIdCount == 0; step++)
        {
            receiveId = unchecked((ushort)(receiveId + 1));
            if (TryTakeReceiveId(connection, receiveId))
            {
                return true;
            }
        }

        receiveId = 0;
        return false;
    }

    internal void ReleaseReceiveId(ConnectionCore connection, ushort receiveId)
    {
        var key = new ConnectionKey(connection.Remote, receiveId);
        if (_connections.TryGetValue(key, out var holder) && ReferenceEquals(holder, connection))
        {
            _connections.Remove(key);
        }
    }

    /// <summary>Admits a half-open connection that is confirmed. False when the backlog is full: it is admitted when there is room.</summary>
    internal bool TryAdmit(ConnectionCore connection)
    {
        if (!_admission.TryConfirm(connection))
        {
            return false;
        }

        Statistics.ConnectionsOpened++;
        return true;
    }

    /// <summary>Forgets a half-open connection. The application never learned of it, so no event is raised.</summary>
    internal void ExpireHalfOpen(ConnectionCore connection)
    {
        Statistics.HalfOpenExpired++;
        connection.Expire();
    }

    /// <summary>Takes a connection out of every table. A half-open connection was not counted as opened.</summary>
    internal void Forget(ConnectionCore connection, bool wasOpened)
    {
        _admission.Remove(connection);
        _timers.Remove(connection);
        ReleaseReceiveId(connection, connection.ReceiveId);
        ConnectionCount--;
        Statistics.ConnectionsReleased += wasOpened ? 1 : 0;
    }

    /// <summary>
    /// Takes an id if neither it nor a neighbour is in use: the peer's send id, and the ids of connections in the other direction, must not be confused
    /// with it.
    /// </summary>
    private bool TryTakeReceiveId(ConnectionCore connection, ushort receiveId) =>
        receiveId != UnusableId
        && !_connections.ContainsKey(new ConnectionKey(connection.Remote, unchecked((ushort)(receiveId - 1))))
        && !_connections.ContainsKey(new ConnectionKey(connection.Remote, unchecked((ushort)(receiveId + 1))))
        && _connections.TryAdd(new ConnectionKey(connection.Remote, receiveId), connection);

    private DatagramResult HandleSyn(Instant now, in PeerAddress remote, in PacketHeader syn, in LocalAddress local)
    {
        Statistics.SynsReceived++;
        var key = new ConnectionKey(remote, unchecked((ushort)(syn.ConnectionId + 1)));
        if (_connections.TryGetValue(key, out var existing))
        {
            if (existing.IsUnconfirmedRequest(syn))
            {
                existing.AnswerSyn(now, syn);
                return DatagramResult.Accepted;
            }

            if (!existing.IsReplacedBy(now, syn))
            {
                Statistics.DatagramsImplausible++;
                return DatagramResult.Dropped;
            }

            existing.Trace(now);
        }

        if (!IsListening)
        {
            Statistics.SynsRefused++;
            _ = _resets.MayReset(now, remote, syn.ConnectionId) && _resets.AddLimited(now, remote, local, syn.ConnectionId, default, syn.Sequence);
            return DatagramResult.Dropped;
        }

        if (!MakeRoomForSyn(now, remote))
        {
            return DatagramResult.Dropped;
        }

        AddHalfOpen(now, key, syn, local);
        return DatagramResult.Accepted;
    }

    private void AddHalfOpen(Instant now, in ConnectionKey key, in PacketHeader syn, in LocalAddress local)
    {
        var connection = new ConnectionCore(this, key.Remote, AcceptedConnections ?? Settings.AcceptedConnections, isInitiator: false, now);
        connection.Pin(local);
        _connections.Add(key, connection);
        ConnectionCount++;
        _admission.Add(connection);
        connection.StartAccepting(now, syn);
    }

    private bool MakeRoomForSyn(Instant now, in PeerAddress remote)
    {
        switch (_admission.Judge(remote))
        {
            case SynVerdict.BacklogFull:
                Statistics.SynsDroppedBacklog++;
                return false;
            case SynVerdict.AddressFull:
                Statistics.SynsDroppedPerAddress++;
                return false;
            case SynVerdict.Room when ConnectionCount < Settings.MaxConnections:
            case SynVerdict.HalfOpenFull or SynVerdict.Room when TryEvictHalfOpen(now):
                return true;
            default:
                Statistics.SynsDroppedHalfOpen++;
                return false;
        }
    }

    private bool TryEvictHalfOpen(Instant now)
    {
        if (_admission.OldestUnconfirmed is not { } oldest || now - oldest.CreatedAt < Settings.HalfOpenEvictionMicros)
        {
            return false;
        }

        ExpireHalfOpen(oldest);
        return true;
    }

    private bool TryFind(in PeerAddress remote, in PacketHeader header, out ConnectionCore connection, out ushort receiveId)
    {
        receiveId = header.ConnectionId;
        ref var found = ref CollectionsMarshal.GetValueRefOrNullRef(_connections, new ConnectionKey(remote, receiveId));
        if (!Unsafe.IsNullRef(ref found))
        {
            connection = found;
            return true;
        }

        // Interop: a libutp RESET carries the id of the offending packet, which is this side's send id: one above an initiator's receive id, one
        // below an acceptor's.
        if (header.Type == PacketType.Reset)
        {
            for (var offset = -1; offset <= 1; offset += 2)
            {
                receiveId = unchecked((ushort)(header.ConnectionId + offset));
                if (_connections.TryGetValue(new ConnectionKey(remote, receiveId), out connection!) && connection.SendId == header.ConnectionId)
                {
                    return true;
                }
            }
        }

        connection = null!;
        return false;
    }

    private DatagramResult HandleUnknown(Instant now, in PeerAddress remote, in PacketView packet, int datagramBytes, in LocalAddress local)
    {
        Statistics.DatagramsForUnknownConnection++;
        var header = packet.Header;
        if (header.Type == PacketType.Reset)
        {
            // A RESET is never answered: two stacks would reset each other for ever.
            Statistics.ResetsIgnored++;
            return DatagramResult.Dropped;
        }

        if (!_resets.MayReset(now, remote, header.ConnectionId))
        {
            return DatagramResult.Dropped;
        }

        // Never more bytes leave than came in.
        if (datagramBytes < 2 * PacketHeader.Size)
        {
            _resets.AddLimited(now, remote, local, header.ConnectionId, header.Acknowledgement, header.Sequence);
            return DatagramResult.Dropped;
        }

        // Interop: every peer honours the id that it receives on, which is one beside the packet's; on which side depends on which end dialled.
        // libutp would take the packet's own id too, but must not get two RESETs (RecentResets).
        var acknowledgement = header.Type == PacketType.Data ? header.Sequence : header.Sequence - 1;
        _resets.AddLimited(now, remote, local, unchecked((ushort)(header.ConnectionId - 1)), header.Acknowledgement, acknowledgement);
        _resets.AddLimited(now, remote, local, unchecked((ushort)(header.ConnectionId + 1)), header.Acknowledgement, acknowledgement);
        return DatagramResult.Dropped;
    }
}
