using Utp.Protocol.Sending;

namespace Utp.Protocol.Connections;

internal sealed partial class ConnectionCore
{
    /// <summary>Re-derives every counter from the structures it summarises and throws if one differs. Debug builds and tests.</summary>
    public void CheckInvariants()
    {
        if (State is ConnectionState.Released or ConnectionState.SynSent)
        {
            return;
        }

        _segments.CheckInvariants(out var segmentBytes);
        _sendBuffer.CheckInvariants(segmentBytes);
        if (_readyCount == 0)
        {
            _reordered?.CheckInvariants(_receiveNext);
        }

        Invariant.Holds(!_finAcknowledged || _finSent, "only a sent FIN is acknowledged");
        Invariant.Holds(!_finSent || (_finRequested && _sendBuffer.UnsentBytes == 0), "a FIN follows all bytes");
        Invariant.Holds(!_peerFinReached || (_peerFinReceived && _receiveNext > _peerFinSequence), "the peer's FIN is reached after it was received");
        Invariant.Holds(_receiveWindow.UnreadBytes >= 0 && _bytesReceived >= 0, "byte counters are not negative");
        Invariant.Holds(_segments.Count <= PeerReorderLimit.Widest, "the sequence span is bounded");
        Invariant.Holds(_controller.CongestionWindowBytes > 0, "the congestion window is positive");
        Invariant.Holds(State != ConnectionState.SynReceived || _segments.Count == 0, "nothing is sent before the peer is confirmed");
        Invariant.Holds(State != ConnectionState.Lingering || _segments.LostCount == 0 || IsOnlyFinOutstanding, "a lingering connection has delivered all");
    }
}
