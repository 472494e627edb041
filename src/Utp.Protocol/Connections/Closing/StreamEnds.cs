using Utp.Protocol.Wire;

namespace Utp.Protocol.Connections.Closing;

/// <summary>How far each direction of a connection has come to its end, and whether the application still wants received bytes.</summary>
internal struct StreamEnds
{
    public SendEnd Sending { get; private set; }

    public ReceiveEnd Receiving { get; private set; }

    /// <summary>The number of the peer's FIN; meaningful once it was received.</summary>
    public SequenceNumber PeerFinSequence { get; private set; }

    /// <summary>Whether received bytes are acknowledged and dropped, because the application has closed the connection.</summary>
    public bool DiscardsReceived { get; private set; }

    public readonly bool IsFinRequested => Sending >= SendEnd.FinRequested;

    public readonly bool IsFinSent => Sending >= SendEnd.FinSent;

    public readonly bool IsPeerFinReceived => Receiving >= ReceiveEnd.FinReceived;

    public readonly bool IsPeerFinReached => Receiving == ReceiveEnd.FinReached;

    /// <summary>Whether nothing more is expected from the peer: it has finished, or the application has closed.</summary>
    public readonly bool IsReceivingOver => IsPeerFinReached || DiscardsReceived;

    /// <summary>Whether both directions are done. The peer's FIN is not awaited by a closed connection.</summary>
    public readonly bool IsComplete => Sending == SendEnd.FinAcknowledged && IsReceivingOver;

    /// <summary>Whether a number lies beyond the peer's FIN, where there can be none.</summary>
    public readonly bool IsBeyondPeerFin(SequenceNumber number) => IsPeerFinReceived && number > PeerFinSequence;

    /// <summary>The application appends no more bytes.</summary>
    public void RequestFin() => Sending = SendEnd.FinRequested;

    public void OnFinSent() => Sending = SendEnd.FinSent;

    public void OnFinAcknowledged() => Sending = SendEnd.FinAcknowledged;

    /// <summary>The peer's FIN arrived, in order or not. Only the first one counts.</summary>
    public void OnPeerFin(SequenceNumber number)
    {
        if (!IsPeerFinReceived)
        {
            Receiving = ReceiveEnd.FinReceived;
            PeerFinSequence = number;
        }
    }

    /// <summary>Notes that everything before <paramref name="next"/> was received. Returns true when that reaches the peer's FIN for the first time.</summary>
    public bool TryReachPeerFin(SequenceNumber next)
    {
        if (Receiving != ReceiveEnd.FinReceived || next <= PeerFinSequence)
        {
            return false;
        }

        Receiving = ReceiveEnd.FinReached;
        return true;
    }

    public void DiscardReceived() => DiscardsReceived = true;
}

/// <summary>How far the sending direction has come to its end.</summary>
internal enum SendEnd : byte
{
    Open,

    /// <summary>The application appends no more bytes. The FIN follows those that are buffered.</summary>
    FinRequested,

    /// <summary>The FIN was sent, and is retransmitted like data.</summary>
    FinSent,

    /// <summary>The peer has acknowledged everything, the FIN included.</summary>
    FinAcknowledged,
}

/// <summary>How far the receiving direction has come to its end.</summary>
internal enum ReceiveEnd : byte
{
    Open,

    /// <summary>The peer's FIN arrived; segments before it may be missing.</summary>
    FinReceived,

    /// <summary>The peer's FIN and everything before it arrived.</summary>
    FinReached,
}
