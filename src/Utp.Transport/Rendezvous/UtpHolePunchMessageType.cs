namespace Utp.Transport;

/// <summary>The types of a <see cref="UtpHolePunchMessage"/>, with their numbers on the wire (BEP 55).</summary>
public enum UtpHolePunchMessageType
{
    /// <summary>From the initiator to the relay: introduce me to the target.</summary>
    Rendezvous = 0,

    /// <summary>From the relay to both peers: connect to the other one now.</summary>
    Connect = 1,

    /// <summary>From the relay to the initiator: there will be no introduction.</summary>
    Error = 2,
}
