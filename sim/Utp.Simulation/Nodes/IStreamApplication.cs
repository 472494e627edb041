namespace Utp.Simulation.Nodes;

/// <summary>The application on one end of a connection. Called between feeding and draining the core, so it may use every method of the end.</summary>
internal interface IStreamApplication
{
    /// <summary>Handles that the connection is established (initiator), or was seen for the first time (acceptor).</summary>
    void OnOpened(StreamEnd end);

    /// <summary>Handles received bytes, in order. They count against the receive window until <see cref="StreamEnd.Consume"/>.</summary>
    void OnPayload(StreamEnd end, ReadOnlySpan<byte> payload);

    /// <summary>Handles that bytes were acknowledged and released, so that there is room to write.</summary>
    void OnRoom(StreamEnd end);

    void OnPeerFinished(StreamEnd end);

    void OnClosed(StreamEnd end);
}
