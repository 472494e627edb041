namespace Utp.Transport;

/// <summary>Why a relay does not introduce two peers, with the numbers on the wire (BEP 55).</summary>
public enum UtpHolePunchError
{
    /// <summary>No error: the value in every message that is not <see cref="UtpHolePunchMessageType.Error"/>.</summary>
    None = 0,

    /// <summary>The endpoint of the target is not valid.</summary>
    NoSuchPeer = 1,

    /// <summary>The relay is not connected to the target.</summary>
    NotConnected = 2,

    /// <summary>The target does not support the extension.</summary>
    NoSupport = 3,

    /// <summary>The endpoint of the target is the relay's own.</summary>
    NoSelf = 4,
}
