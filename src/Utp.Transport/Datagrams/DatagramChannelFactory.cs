using System.Net;
using Microsoft.Extensions.Logging;
using Utp.Transport.Datagrams.Linux;
using Utp.Transport.Datagrams.Portable;
using Utp.Transport.Engine;

namespace Utp.Transport.Datagrams;

/// <summary>Creates a channel; null, with the reason, where the system does not support it.</summary>
internal delegate IDatagramChannel? TryCreateChannel(out string reason);

/// <summary>Opens the datagram channel that the options ask for and the running system supports.</summary>
internal static class DatagramChannelFactory
{
    /// <exception cref="Microsoft.AspNetCore.Connections.AddressInUseException">Another socket uses the address.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The system does not have this address, or forbids its use.</exception>
    /// <exception cref="InvalidOperationException">The system does not support the kind of channel that the options demand.</exception>
    public static IDatagramChannel Create(IPEndPoint local, UtpTransportOptions options, UtpClock clock, ILogger logger) =>
        CreateOver(UdpSocket.Open(local, options.KernelReceiveBufferSize, options.KernelSendBufferSize), options, clock, logger);

    /// <summary>Creates the channel over a bound socket. The channel owns the socket from now on.</summary>
    /// <exception cref="InvalidOperationException">The system does not support the kind of channel that the options demand.</exception>
    public static IDatagramChannel CreateOver(UdpSocket udp, UtpTransportOptions options, UtpClock clock, ILogger logger)
    {
        try
        {
            var channel = Choose(
                options.DatagramOffload,
                (out string reason) => LinuxDatagramSupport.TryCreateOffload(udp, clock, out reason),
                (out string reason) => LinuxDatagramSupport.TryCreateBatching(udp, clock, out reason),
                () => new PortableDatagramChannel(OpenSingle(udp), udp.Facts, clock),
                logger);
            DatagramLog.ChannelOpened(logger, channel.LocalEndPoint, channel.Name, channel.ReceiveBufferBytes, channel.SendBufferBytes);
            KernelBufferNotice.Shared.Report(logger, channel.ReceiveBufferBytes, options.KernelReceiveBufferSize);
            SourceAddressNotice.Shared.Report(logger, udp);
            return channel;
        }
        catch
        {
            udp.Dispose();
            throw;
        }
    }

    /// <summary>Creates the channel of an explicit mode, or the best channel that works.</summary>
    /// <exception cref="InvalidOperationException">The explicit mode is not available.</exception>
    public static IDatagramChannel Choose(
        UtpDatagramOffload mode, TryCreateChannel segmentation, TryCreateChannel batching, Func<IDatagramChannel> portable, ILogger logger)
    {
        if (!Enum.IsDefined(mode))
        {
            throw Unavailable(mode, "there is no such mode");
        }

        ReadOnlySpan<(UtpDatagramOffload Mode, TryCreateChannel TryCreate)> optional =
            [(UtpDatagramOffload.Segmentation, segmentation), (UtpDatagramOffload.Batching, batching)];
        foreach (var candidate in optional)
        {
            if (mode != UtpDatagramOffload.Auto && mode != candidate.Mode)
            {
                continue;
            }

            if (candidate.TryCreate(out var reason) is { } channel)
            {
                return channel;
            }

            if (mode == candidate.Mode)
            {
                throw Unavailable(mode, reason);
            }

            DatagramLog.ModeUnavailable(logger, candidate.Mode, reason);
        }

        return portable();
    }

    /// <summary>
    /// Opens the socket of the portable channel. A socket bound to all addresses needs one that chooses the source address, where the system can.
    /// </summary>
    private static IDatagramSocket OpenSingle(UdpSocket udp) =>
        LinuxDatagramSupport.TryCreateSingle(udp) as IDatagramSocket ?? new SystemDatagramSocket(udp);

    private static InvalidOperationException Unavailable(UtpDatagramOffload offload, string reason) => new(
            $"Utp:Transport:DatagramOffload is '{offload}', which is not available here: {reason}. Use 'Auto' for the best that works, or 'Portable'.");
}
