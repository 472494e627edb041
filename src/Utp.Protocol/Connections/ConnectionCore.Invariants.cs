using Utp.Protocol.Sending;

namespace Utp.Protocol.Connections;

internal sealed partial class ConnectionCore
{
    /// <summary>
    /// Derives every counter anew from the structures that it summarises, and throws if one differs. Only tests and the simulator call it: it looks at
    /// every segment.
    /// </summary>
    public void CheckInvariants()
    {
        if (State is ConnectionState.Released or ConnectionState.SynSent)
        {
            return;
        }

        _segments.CheckInvariants(out var segmentBytes);
        _sendBuffer.CheckInvariants(segmentBytes);
        _received.CheckInvariants();
        Invariant.Holds(!_ends.IsFinSent || _sendBuffer.UnsentBytes == 0, "a FIN follows all bytes");
        var isPastPeerFin = _ends.IsPeerFinReceived && _received.Next > _ends.PeerFinSequence;
        Invariant.Holds(_ends.IsPeerFinReached == isPastPeerFin, "the peer's FIN is reached when everything before it has arrived");
        Invariant.Holds(_receiveWindow.UnreadBytes >= 0 && _counters.BytesReceived >= 0, "byte counters are not negative");
        Invariant.Holds(_segments.Count <= PeerReorderLimit.Widest, "the number of outstanding segments is bounded");
        Invariant.Holds(_controller.CongestionWindowBytes > 0, "the congestion window is positive");
        Invariant.Holds(State != ConnectionState.SynReceived || _segments.Count == 0, "nothing is sent before the peer is confirmed");
        Invariant.Holds(State != ConnectionState.Lingering || _segments.LostCount == 0 || IsOnlyFinOutstanding, "a lingering connection has delivered all");
    }
}
