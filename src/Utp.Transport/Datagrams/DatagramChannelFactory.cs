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
        CreateOver(UdpSocket.Open(local, options.KernelReceiveBufferSize, options.KernelSendBufferSize, options.NetworkInterface), options, clock, logger);

    /// <summary>Creates the channel over a bound socket. The channel owns the socket from now on.</summary>
    /// <exception cref="InvalidOperationException">The system does not support the kind of channel that the options demand.</exception>
    public static IDatagramChannel CreateOver(UdpSocket udp, UtpTransportOptions options, UtpClock clock, ILogger logger)
    {
        try
        {
            DscpNotice.Shared.Report(logger, udp, options.DscpCodePoint, DscpMarking.TryApply(udp.Socket, options.DscpCodePoint));
            var channel = Choose(
                options.DatagramOffload,
                (out string reason) => LinuxDatagramSupport.TryCreateOffload(udp, clock, out reason),
                (out string reason) => LinuxDatagramSupport.TryCreateBatching(udp, clock, out reason),
                () => new PortableDatagramChannel(OpenSingle(udp, options), udp.Facts, clock),
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
    /// <exception cref="InvalidOperationException">The options ask for an interface, which this channel cannot have.</exception>
    private static IDatagramSocket OpenSingle(UdpSocket udp, UtpTransportOptions options)
    {
        if (options.NetworkInterface is { } name)
        {
            // The channel wakes its receiver with a datagram from the socket to itself. That goes over the loopback interface.
            throw InterfaceBinding.Refused(name, "which the portable channel (Utp:Transport:DatagramOffload) does not support. Use the mode 'Auto'", null);
        }

        return LinuxDatagramSupport.TryCreateSingle(udp) as IDatagramSocket ?? new SystemDatagramSocket(udp);
    }

    private static InvalidOperationException Unavailable(UtpDatagramOffload offload, string reason) => new(
            $"Utp:Transport:DatagramOffload is '{offload}', which is not available here: {reason}. Use 'Auto' for the best that works, or 'Portable'.");
}
