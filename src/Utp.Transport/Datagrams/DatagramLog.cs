using System.Net;
using Microsoft.Extensions.Logging;
using Utp.Transport.Datagrams.Sharding;

namespace Utp.Transport.Datagrams;

/// <summary>Messages of UDP sockets, ids 1000 to 1099.</summary>
internal static partial class DatagramLog
{
    [LoggerMessage(1000, LogLevel.Debug,
        "UDP socket {LocalEndPoint} uses the {Channel} channel; kernel buffers: {ReceiveBufferBytes} bytes to receive, {SendBufferBytes} to send.")]
    public static partial void ChannelOpened(ILogger logger, IPEndPoint localEndPoint, string channel, int receiveBufferBytes, int sendBufferBytes);

    [LoggerMessage(1001, LogLevel.Warning,
        "The system granted a UDP receive buffer of {GrantedBytes} bytes where Utp:Transport:KernelReceiveBufferSize asks for {WantedBytes}. All uTP "
        + "connections of a socket share it, so they keep fewer bytes in flight. {Remedy}")]
    public static partial void ReceiveBufferLimited(ILogger logger, int grantedBytes, int wantedBytes, string remedy);

    [LoggerMessage(1002, LogLevel.Debug, "UDP datagram offload {Mode} is not available here: {Reason}.")]
    public static partial void ModeUnavailable(ILogger logger, UtpDatagramOffload mode, string reason);

    [LoggerMessage(1003, LogLevel.Debug, "UDP socket {LocalEndPoint} has {ShardCount} shards.")]
    public static partial void Sharded(ILogger logger, IPEndPoint localEndPoint, int shardCount);

    [LoggerMessage(EventId = 1004,
        Message = "A UDP port cannot be shared by {ShardCount} sockets here (Utp:Transport:Shards): {Reason}. Each port uses one socket.")]
    public static partial void ShardsUnavailable(ILogger logger, LogLevel level, int shardCount, string reason);

    [LoggerMessage(1005, LogLevel.Information,
        "UDP socket {LocalEndPoint} is bound to all addresses of this host, and this system cannot choose the source address of its datagrams. A peer that "
        + "connects to an address other than the system's choice gets no answer. On a host with several addresses, listen on the specific address that peers "
        + "connect to.")]
    public static partial void SourceAddressesUnavailable(ILogger logger, IPEndPoint localEndPoint);

    [LoggerMessage(1006, LogLevel.Warning,
        "Trains of datagrams that UDP socket {LocalEndPoint} leaves to the system to segment (UDP segmentation offload) are not sent or do not arrive, "
        + "while single datagrams do. The socket sends datagrams one by one for {Minutes} minutes and then tries again. Set Utp:Transport:DatagramOffload to "
        + "Batching to switch segmentation offload off.")]
    public static partial void TrainsVanish(ILogger logger, IPEndPoint localEndPoint, long minutes);

    [LoggerMessage(1007, LogLevel.Warning,
        "Utp:Transport:DscpCodePoint is {CodePoint}, but this system does not mark the datagrams of UDP socket {LocalEndPoint} with it: {Reason}. They are "
        + "sent with the system's own mark.")]
    public static partial void DscpUnavailable(ILogger logger, int codePoint, IPEndPoint localEndPoint, string reason);
}
