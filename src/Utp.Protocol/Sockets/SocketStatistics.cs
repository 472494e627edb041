namespace Utp.Protocol.Sockets;

/// <summary>Counters of one UDP socket. Hostile and broken input changes these counters and nothing else.</summary>
internal sealed class SocketStatistics
{
    public long DatagramsReceived;
    public long DatagramsNotUtp;
    public long DatagramsMalformed;

    /// <summary>Well-formed packets whose acknowledgement or sequence number cannot belong to the connection.</summary>
    public long DatagramsImplausible;

    public long DatagramsForUnknownConnection;
    public long DatagramsSent;

    /// <summary>Trains that the system refused as too long for the link.</summary>
    public long DatagramsTooLong;

    /// <summary>Trains that the system refused to send for another reason.</summary>
    public long SendsRefused;
    public long SynsReceived;
    public long SynsDroppedBacklog;
    public long SynsDroppedHalfOpen;
    public long SynsDroppedPerAddress;
    public long SynsRefused;
    public long HalfOpenExpired;
    public long ResetsReceived;
    public long ResetsIgnored;
    public long ResetsSent;
    public long ResetsSuppressed;
    public long ConnectionsOpened;
    public long ConnectionsReleased;
}
