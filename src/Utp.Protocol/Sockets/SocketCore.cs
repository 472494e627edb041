using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Receiving;
using Utp.Protocol.Sending;
using Utp.Protocol.Time;
using Utp.Protocol.Tracing;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Sockets;

/// <summary>
/// All uTP connections of one UDP socket, without the socket. One writer at a time; feed, then drain:
/// <list type="number">
/// <item><see cref="HandleDatagram"/> for each datagram of a batch (taking payload after each), or an application verb on a connection;</item>
/// <item><see cref="HandleDeadlines"/>;</item>
/// <item><see cref="PollEvent"/> until false;</item>
/// <item><see cref="PollTransmit"/> until false (sending may raise no event);</item>
/// <item>sleep until <see cref="NextDeadline"/> or the next input.</item>
/// </list>
/// </summary>
internal sealed partial class SocketCore
{
    private readonly Dictionary<ConnectionKey, ConnectionCore> _connections = [];
    private readonly TimerTable _timers = new();
    private readonly Queue<ConnectionCore> _transmitQueue = new();
    private readonly Queue<ConnectionCore> _eventQueue = new();
    private readonly SynAdmission _admission;
    private readonly ResetQueue _resets;

    public SocketCore(SocketSettings settings, IRandomSource random)
    {
        Settings = settings;
        Random = random;
        _admission = new SynAdmission(settings);
        _resets = new ResetQueue(settings.MaxResetsPerSecond, Statistics);
    }

    public SocketStatistics Statistics { get; } = new();

    /// <summary>Whether SYNs are admitted. False refuses them with a (rate-limited) RESET. Existing connections are not touched.</summary>
    public bool IsListening { get; set; }

    /// <summary>What connections accepted from now on use.</summary>
    public ConnectionSettings? AcceptedConnections { get; set; }

    /// <summary>Connections in the table: connecting, half-open, established and lingering.</summary>
    public int ConnectionCount { get; private set; }

    /// <summary>Requests answered and not yet confirmed, or confirmed while the backlog was full.</summary>
    public int HalfOpenCount => _admission.HalfOpenCount;

    /// <summary>Confirmed requests that wait for <see cref="ReleaseBacklog"/>.</summary>
    public int WaitingCount => _admission.WaitingCount;

    public Instant NextDeadline => _timers.NextDeadline;

    /// <summary>The connection that the last datagram was for; null for none. If taking it failed halfway, only this one can have come to harm.</summary>
    public ConnectionCore? Handling { get; private set; }

    /// <summary>Where connections write what they do; null, the default, for nowhere.</summary>
    public ITraceSink? Trace { get; init; }

    /// <summary>What becomes of trains. The driver says whether its channel lets the system cut them.</summary>
    public Sending.TrainWatch Trains { get; } = new();

    internal SocketSettings Settings { get; }

    internal IRandomSource Random { get; }

    internal Receiving.SegmentBuffers SegmentBuffers { get; } = new();

    /// <summary>Handles one datagram that arrived from <paramref name="remote"/> at <paramref name="arrival"/>. Never throws on input.</summary>
    /// <param name="arrival">When.</param>
    /// <param name="remote">The sender, which may be forged.</param>
    /// <param name="datagram">The bytes.</param>
    /// <param name="local">The address that it was sent to, which answers leave from; <c>default</c> when the channel cannot tell.</param>
    public DatagramResult HandleDatagram(Instant arrival, in PeerAddress remote, ReadOnlySpan<byte> datagram, in LocalAddress local = default)
    {
        Statistics.DatagramsReceived++;
        Handling = null;
        switch (PacketView.TryParse(datagram, out var packet))
        {
            case PacketParseResult.NotUtp:
                Statistics.DatagramsNotUtp++;
                return DatagramResult.NotUtp;
            case PacketParseResult.Malformed:
                Statistics.DatagramsMalformed++;
                return DatagramResult.Dropped;
        }

        if (packet.Header.Type == PacketType.Syn)
        {
            return HandleSyn(arrival, remote, packet.Header, local);
        }

        if (!TryFind(remote, packet.Header, out var connection, out var receiveId))
        {
            return HandleUnknown(arrival, remote, packet, datagram.Length, local);
        }

        if (packet.Header.Type == PacketType.Reset && connection.IsElsewhere(local))
        {
            Statistics.ResetsIgnored++;
            return DatagramResult.Dropped;
        }

        Handling = connection;
        var payload = packet.Header.Type is PacketType.Data or PacketType.Fin ? datagram[packet.PayloadOffset..] : default;
        if (connection.HandlePacket(arrival, packet, payload, receiveId, out var deliveredBytes))
        {
            connection.Pin(local);
            connection.Trace(arrival);
            Statistics.ResetsReceived += packet.Header.Type == PacketType.Reset ? 1 : 0;
            return new DatagramResult(DatagramDisposition.Accepted, connection, packet.PayloadOffset, deliveredBytes);
        }

        if (packet.Header.Type == PacketType.Reset)
        {
            Statistics.ResetsIgnored++;
        }
        else
        {
            Statistics.DatagramsImplausible++;
        }

        return DatagramResult.Dropped;
    }

    /// <summary>
    /// Handles an ICMP "unreachable" report, which quotes the beginning of a datagram of ours. A connection that is being established believes it
    /// when it quotes that connection's SYN. An established connection believes only a report of the peer's own host that no socket has the port,
    /// and only when it quotes a packet whose numbers and timestamp no other host can know: routes fail and recover, and a router's report can
    /// be forged. A report that quotes less than a uTP header is ignored: an off-path attacker who knows both ports could make it.
    /// </summary>
    /// <param name="now">When.</param>
    /// <param name="remote">Where the datagram was sent.</param>
    /// <param name="isRefusal">Whether the host is there, and nobody has the port.</param>
    /// <param name="quotedDatagram">Its beginning.</param>
    /// <param name="isFromPeersHost">Whether the report came from <paramref name="remote"/>'s address, not from one on the way.</param>
    public void HandleUnreachable(Instant now, in PeerAddress remote, bool isRefusal, ReadOnlySpan<byte> quotedDatagram, bool isFromPeersHost = false)
    {
        if (!PacketHeader.TryRead(quotedDatagram, out var header))
        {
            return;
        }

        if (header.Type != PacketType.Syn)
        {
            // What we send carries our send id: one above the receive id of an initiator, one below an acceptor's.
            _ = isRefusal && isFromPeersHost
                && (TryEndUnreachable(now, remote, header, -1) || TryEndUnreachable(now, remote, header, 1));
        }
        else if (_connections.TryGetValue(new ConnectionKey(remote, header.ConnectionId), out var connection))
        {
            connection.HandleUnreachable(header, isRefusal ? UtpCloseReason.Refused : UtpCloseReason.Unreachable);
            connection.Trace(now);
        }
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

    /// <summary>Starts a connection. <see cref="ConnectionEvents.Connected"/> or <see cref="ConnectionEvents.Closed"/> follows. Null when MaxConnections is reached.</summary>
    public ConnectionCore? Connect(Instant now, in PeerAddress remote, ConnectionSettings? settings = null)
    {
        if (ConnectionCount >= Settings.MaxConnections)
        {
            return null;
        }

        var connection = new ConnectionCore(this, remote, settings ?? ConnectionSettings.Default, isInitiator: true, now);
        connection.StartConnecting(now);
        if (connection.ReceiveIdCount == 0)
        {
            return null;
        }

        ConnectionCount++;
        Statistics.ConnectionsOpened++;
        return connection;
    }

    /// <summary>The application took one accepted connection from its backlog. The next one may come in for it, as a packet would bring it in.</summary>
    public void ReleaseBacklog()
    {
        if (_admission.ReleaseBacklog() is { } next)
        {
            Statistics.ConnectionsOpened++;
            next.Establish();
        }
    }

    public void HandleDeadlines(Instant now)
    {
        while (_timers.TryTakeDue(now, out var connection))
        {
            connection.HandleDeadline(now);
            connection.Trace(now);
        }
    }

    public bool PollEvent(out ConnectionCore connection, out ConnectionEvents events)
    {
        if (!_eventQueue.TryDequeue(out connection!))
        {
            events = ConnectionEvents.None;
            return false;
        }

        events = connection.PendingEvents;
        connection.PendingEvents = ConnectionEvents.None;
        return true;
    }

    /// <summary>
    /// Writes the next train into <paramref name="buffer"/> (at least one path MTU long; at most <paramref name="maxSegments"/> segments).
    /// What was written counts as sent: a channel that would block keeps the train and sends it later; that is not loss.
    /// </summary>
    public bool PollTransmit(Instant now, Span<byte> buffer, int maxSegments, out Transmit transmit)
    {
        if (_resets.TryWrite(now, buffer, out transmit))
        {
            Statistics.DatagramsSent++;
            return true;
        }

        while (_transmitQueue.TryPeek(out var connection))
        {
            if (connection.TryWriteTrain(now, buffer, maxSegments, out transmit))
            {
                transmit = transmit with { Local = connection.Local };
                Statistics.DatagramsSent += transmit.SegmentCount;
                connection.Trace(now);

                // To the back, so that connections share the socket train by train.
                _transmitQueue.Dequeue();
                _transmitQueue.Enqueue(connection);
                return true;
            }

            _transmitQueue.Dequeue();
            connection.IsTransmitQueued = false;
            _timers.Schedule(connection, connection.NextDeadline());
        }

        transmit = default;
        return false;
    }

    /// <summary>
    /// The system refused a train as too long for the link (EMSGSIZE): the path MTU search takes note and the data is sent again, as fragments
    /// if it must be. Where those are refused too, there is nothing smaller to send: the timeout paces what is tried then.
    /// </summary>
    public void HandleMessageTooLong(Instant now, in Transmit transmit)
    {
        Statistics.DatagramsTooLong++;
        if (transmit.SegmentSize <= Sending.PathMtuSearch.LeastBytes)
        {
            // Nothing shorter can be made of it.
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

    /// <summary>The system refused the train that was written last as a whole, and has taken its datagrams one by one instead.</summary>
    public void HandleTrainRefused(Instant now, in Transmit transmit)
    {
        transmit.Connection?.HandleTrainRefused();
        Trains.OnTrainRefused(now);
    }

    /// <summary>Re-derives the tables' counters; see <see cref="ConnectionCore.CheckInvariants"/>.</summary>
    public void CheckInvariants()
    {
        _timers.CheckInvariants();
        _admission.CheckInvariants();
        var distinct = new HashSet<ConnectionCore>(_connections.Values);
        Invariant.Holds(distinct.Count == ConnectionCount, "the connection count matches the table");
        Invariant.Holds(distinct.Count(c => c.State == ConnectionState.SynReceived) == HalfOpenCount, "the half-open count matches the table");
        foreach (var connection in distinct)
        {
            Invariant.Holds(connection.State != ConnectionState.Released, "a released connection is in no table");
            connection.CheckInvariants();
        }
    }

    internal void Touch(ConnectionCore connection)
    {
        if (!connection.IsTransmitQueued && connection.State != ConnectionState.Released)
        {
            connection.IsTransmitQueued = true;
            _transmitQueue.Enqueue(connection);
        }
    }

    internal void Raise(ConnectionCore connection, ConnectionEvents events)
    {
        if (connection.PendingEvents == ConnectionEvents.None)
        {
            _eventQueue.Enqueue(connection);
        }

        connection.PendingEvents |= events;
    }

    internal void QueueReset(in PeerAddress remote, in LocalAddress local, ushort connectionId, SequenceNumber sequence, SequenceNumber acknowledgement) =>
        _resets.Add(remote, local, connectionId, sequence, acknowledgement);

    /// <summary>Resets an established connection. Packets of it that are still on their way draw no further RESETs for a while.</summary>
    internal void QueueReset(
        Instant now,
        in PeerAddress remote,
        in LocalAddress local,
        ushort connectionId,
        ushort theirSendId,
        SequenceNumber sequence,
        SequenceNumber acknowledgement)
    {
        if (_resets.MayReset(now, remote, theirSendId))
        {
            _resets.Add(remote, local, connectionId, sequence, acknowledgement);
        }
    }
}
