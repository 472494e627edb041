namespace Utp.Protocol;

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
internal sealed partial class EndpointCore
{
    public EndpointCore(EndpointSettings settings, IRandomSource random) => throw new NotImplementedException();

    public EndpointStatistics Statistics { get; } = new();

    /// <summary>Whether SYNs are admitted. False refuses them with a (rate-limited) RESET. Existing connections are not touched.</summary>
    public bool IsListening { get; set; }

    public int ConnectionCount => throw new NotImplementedException();

    /// <summary>Handles one datagram that arrived from <paramref name="remote"/> at <paramref name="arrival"/>. Never throws on input.</summary>
    public DatagramResult HandleDatagram(Instant arrival, in PeerAddress remote, ReadOnlySpan<byte> datagram) => throw new NotImplementedException();

    /// <summary>Starts a connection. <see cref="ConnectionEvents.Connected"/> or <see cref="ConnectionEvents.Closed"/> follows. Null when MaxConnections is reached.</summary>
    public ConnectionCore? Connect(Instant now, in PeerAddress remote, ConnectionSettings? settings = null) => throw new NotImplementedException();

    /// <summary>The application took one accepted connection from its backlog.</summary>
    public void ReleaseBacklog() => throw new NotImplementedException();

    public Instant NextDeadline => throw new NotImplementedException();

    public void HandleDeadlines(Instant now) => throw new NotImplementedException();

    public bool PollEvent(out ConnectionCore connection, out ConnectionEvents events) => throw new NotImplementedException();

    /// <summary>
    /// Writes the next train into <paramref name="buffer"/> (at least one path MTU long; at most <paramref name="maxSegments"/> segments).
    /// What was written counts as sent: a channel that would block keeps the train and sends it later; that is not loss.
    /// </summary>
    public bool PollTransmit(Instant now, Span<byte> buffer, int maxSegments, out Transmit transmit) => throw new NotImplementedException();

    /// <summary>The system refused a train as too long for the link (EMSGSIZE): the path MTU search takes note and the data is sent again.</summary>
    public void HandleMessageTooLong(Instant now, in Transmit transmit) => throw new NotImplementedException();
}
