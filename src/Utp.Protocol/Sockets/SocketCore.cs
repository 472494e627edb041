using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Receiving;
using Utp.Protocol.Sending;
using Utp.Protocol.Time;
using Utp.Protocol.Tracing;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Sockets;

/// <summary>
/// All uTP connections of one UDP socket, without its system calls. One writer at a time uses it, in this order:
/// <list type="number">
/// <item><see cref="HandleDatagram"/> for each datagram of a batch (taking payload after each), or a call of the application on a connection;</item>
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

    /// <summary>Whether SYNs are admitted. False refuses them with a (rate-limited) RESET. Existing connections stay.</summary>
    public bool IsListening { get; set; }

    /// <summary>The settings of connections accepted from now on; null for those of <see cref="Settings"/>.</summary>
    public ConnectionSettings? AcceptedConnections { get; set; }

    /// <summary>The number of connections in the table: connecting, half-open, established and lingering.</summary>
    public int ConnectionCount { get; private set; }

    /// <summary>The number of requests that were answered and not yet confirmed, or confirmed while the backlog was full.</summary>
    public int HalfOpenCount => _admission.HalfOpenCount;

    /// <summary>The number of confirmed requests that wait for <see cref="ReleaseBacklog"/>.</summary>
    public int WaitingCount => _admission.WaitingCount;

    public Instant NextDeadline => _timers.NextDeadline;

    /// <summary>The connection that the last datagram was for; null for none. If its handling throws, only this connection can be damaged.</summary>
    public ConnectionCore? Handling { get; private set; }

    /// <summary>The sink that connections write their traces to; null, the default, for none.</summary>
    public ITraceSink? Trace { get; init; }

    /// <summary>Watches whether trains arrive. The driver says whether its channel lets the system cut them.</summary>
    public TrainWatch Trains { get; } = new();

    internal SocketSettings Settings { get; }

    internal IRandomSource Random { get; }

    internal SegmentBuffers SegmentBuffers { get; } = new();

    /// <summary>Handles one datagram that arrived from <paramref name="remote"/> at <paramref name="arrival"/>. Never throws on input.</summary>
    /// <param name="arrival">When the datagram arrived.</param>
    /// <param name="remote">The source address, which may be forged.</param>
    /// <param name="datagram">The bytes.</param>
    /// <param name="local">The address that it was sent to, which answers leave from; <c>default</c> if the channel cannot tell.</param>
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
        return Deliver(arrival, connection, receiveId, packet, datagram, local);
    }

    /// <summary>A limit that connections share has changed. Those that wait for it are considered again.</summary>
    public void HandleRatesChanged(Instant now)
    {
        foreach (var connection in _connections.Values)
        {
            connection.HandleRatesChanged(now);
        }
    }

    /// <summary>Starts a connection. <see cref="ConnectionEvents.Connected"/> or <see cref="ConnectionEvents.Closed"/> follows.</summary>
    /// <returns>Null if <see cref="SocketSettings.MaxConnections"/> is reached, or if no connection id is free.</returns>
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

    /// <summary>The application took one accepted connection from the backlog. A connection that waits for room is established in its place.</summary>
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
    /// What was written counts as sent. A channel that would block keeps the train and sends it later; that is not loss.
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

                // The connection goes to the back of the queue, so that connections share the socket train by train.
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

    /// <summary>Derives the tables' counters anew; see <see cref="ConnectionCore.CheckInvariants"/>.</summary>
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

    /// <summary>Queues the RESET of an established connection. Packets of it that are still on their way draw no further RESETs for a while.</summary>
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

    private DatagramResult Deliver(
        Instant arrival, ConnectionCore connection, ushort receiveId, in PacketView packet, ReadOnlySpan<byte> datagram, in LocalAddress local)
    {
        var type = packet.Header.Type;
        var payload = type is PacketType.Data or PacketType.Fin ? datagram[packet.PayloadOffset..] : default;
        if (!connection.HandlePacket(arrival, packet, payload, receiveId, out var deliveredBytes))
        {
            CountImplausible(type);
            return DatagramResult.Dropped;
        }

        connection.Pin(local);
        connection.Trace(arrival);
        Statistics.ResetsReceived += type == PacketType.Reset ? 1 : 0;
        return new DatagramResult(DatagramDisposition.Accepted, connection, packet.PayloadOffset, deliveredBytes);
    }

    private void CountImplausible(PacketType type)
    {
        if (type == PacketType.Reset)
        {
            Statistics.ResetsIgnored++;
        }
        else
        {
            Statistics.DatagramsImplausible++;
        }
    }
}
