using System.Net;
using Microsoft.Extensions.Logging;
using Utp.Transport.Datagrams.Linux;
using Utp.Transport.Engine;

namespace Utp.Transport.Datagrams;

/// <summary>Opens the datagram channel that the options ask for and the running system has.</summary>
internal static class DatagramChannelFactory
{
    /// <exception cref="Microsoft.AspNetCore.Connections.AddressInUseException">Another socket has the address.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The system has no such address, or forbids it.</exception>
    /// <exception cref="InvalidOperationException">The system lacks the kind of channel that the options insist on.</exception>
    public static IDatagramChannel Create(IPEndPoint local, UtpTransportOptions options, UtpClock clock, ILogger logger)
    {
        var udp = UdpSocket.Open(local, options.KernelReceiveBufferSize, options.KernelSendBufferSize);
        try
        {
            var channel = CreateOver(udp, options.DatagramOffload, clock);
            DatagramLog.ChannelOpened(logger, channel.LocalEndPoint, channel.Name, channel.ReceiveBufferBytes, channel.SendBufferBytes);
            KernelBufferNotice.Shared.Report(logger, channel.ReceiveBufferBytes, options.KernelReceiveBufferSize);
            return channel;
        }
        catch
        {
            udp.Dispose();
            throw;
        }
    }

    private static IDatagramChannel CreateOver(UdpSocket udp, UtpDatagramOffload offload, UtpClock clock)
    {
        string reason;
        switch (offload)
        {
            case UtpDatagramOffload.Auto:
                return (IDatagramChannel?)LinuxDatagramSupport.TryCreateOffload(udp, clock, out _)
                    ?? (IDatagramChannel?)LinuxDatagramSupport.TryCreateBatching(udp, clock, out _)
                    ?? CreatePortable(udp, clock);
            case UtpDatagramOffload.Portable:
                return CreatePortable(udp, clock);
            case UtpDatagramOffload.Batching:
                return (IDatagramChannel?)LinuxDatagramSupport.TryCreateBatching(udp, clock, out reason) ?? throw Unavailable(offload, reason);
            case UtpDatagramOffload.Segmentation:
                return (IDatagramChannel?)LinuxDatagramSupport.TryCreateOffload(udp, clock, out reason) ?? throw Unavailable(offload, reason);
            default:
                throw Unavailable(offload, "there is no such mode");
        }
    }

    private static PortableDatagramChannel CreatePortable(UdpSocket udp, UtpClock clock) => new(new SystemDatagramSocket(udp), udp.Facts, clock);

    private static InvalidOperationException Unavailable(UtpDatagramOffload offload, string reason) => new(
        $"Utp:Transport:DatagramOffload is '{offload}', which cannot be had here: {reason}. Use 'Auto' for the best that works, or 'Portable'.");
}
