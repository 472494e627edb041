using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Utp.Transport.Datagrams.Linux;
using Utp.Transport.Engine;

namespace Utp.Transport.Datagrams.Sharding;

/// <summary>Makes the kernel choose among sockets that share a port; false, with the reason, where it refuses.</summary>
internal delegate bool TryAttachShardProgram(UdpSocket first, int count, out string reason);

/// <summary>
/// Opens the channels of one local endpoint: all that were requested, or one where the system cannot share a port as required. The first socket is
/// bound alone, so that an address in use is still refused; only then do the others share it (SO_REUSEPORT).
/// </summary>
internal sealed class ShardedChannels(TryAttachShardProgram tryAttach, ShardNotice notice)
{
    private static readonly ShardedChannels System = new(ShardProgram.TryAttach, ShardNotice.Shared);

    /// <summary>Opens the channels, as <see cref="Open"/>, with the means of this system.</summary>
    public static IDatagramChannel[] Create(IPEndPoint local, int count, UtpTransportOptions options, UtpClock clock, ILogger logger) =>
        System.Open(local, count, options, clock, logger);

    /// <returns>
    /// <paramref name="count"/> channels in the order of <see cref="ShardSelector"/>, or one. Until the kernel got the program, it chose a socket by
    /// itself, so datagrams already queued on one of several channels must be discarded.
    /// </returns>
    /// <exception cref="AddressInUseException">Another socket uses the address.</exception>
    /// <exception cref="SocketException">The system does not have this address, or forbids its use.</exception>
    /// <exception cref="InvalidOperationException">The system does not support the kind of channel that the options demand.</exception>
    public IDatagramChannel[] Open(IPEndPoint local, int count, UtpTransportOptions options, UtpClock clock, ILogger logger)
    {
        var udp = UdpSocket.Open(local, options.KernelReceiveBufferSize, options.KernelSendBufferSize, options.NetworkInterface);
        List<IDatagramChannel> channels = [DatagramChannelFactory.CreateOver(udp, options, clock, logger)];

        // To share the port, the sockets would need the same user, and the datagrams that wait in an inherited one would be discarded.
        if (count > 1 && !udp.IsInherited)
        {
            if (TryShare(udp, channels, count, options, clock, logger, out var reason))
            {
                DatagramLog.Sharded(logger, channels[0].LocalEndPoint, count);
            }
            else
            {
                channels.Skip(1).ToList().ForEach(channel => channel.Dispose());
                channels.RemoveRange(1, channels.Count - 1);
                udp.StopSharing();
                notice.Report(logger, options, count, reason);
            }
        }

        return [.. channels];
    }

    private bool TryShare(
        UdpSocket first, List<IDatagramChannel> channels, int count, UtpTransportOptions options, UtpClock clock, ILogger logger, out string reason)
    {
        if (channels[0] is not LinuxDatagramChannel)
        {
            reason = $"the {channels[0].Name} channel, which is the best that works, cannot share a port";
            return false;
        }

        try
        {
            while (channels.Count < count)
            {
                var udp = UdpSocket.OpenSharing(first, options.KernelReceiveBufferSize, options.KernelSendBufferSize, options.NetworkInterface);
                channels.Add(DatagramChannelFactory.CreateOver(udp, options, clock, logger));
                if (channels[^1].Name != channels[0].Name)
                {
                    reason = $"after the {channels[0].Name} channel the system has only the {channels[^1].Name} channel";
                    return false;
                }
            }
        }
        catch (Exception e) when (e is SocketException or AddressInUseException or InvalidOperationException)
        {
            reason = e.Message.TrimEnd('.');
            return false;
        }

        return tryAttach(first, count, out reason);
    }
}
