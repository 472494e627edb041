namespace Utp.Simulation.Nodes;

/// <summary>What sits on one end of a connection. Called between feeding the core and draining it, so every verb of the end may be used.</summary>
internal interface IStreamApplication
{
    /// <summary>The connection is established (initiator), or was seen for the first time (acceptor).</summary>
    void OnOpened(StreamEnd end);

    /// <summary>Received bytes, in order. They count against the receive window until <see cref="StreamEnd.Consume"/>.</summary>
    void OnPayload(StreamEnd end, ReadOnlySpan<byte> payload);

    /// <summary>Bytes were acknowledged and released: there is room to write.</summary>
    void OnRoom(StreamEnd end);

    void OnPeerFinished(StreamEnd end);

    void OnClosed(StreamEnd end);
}
