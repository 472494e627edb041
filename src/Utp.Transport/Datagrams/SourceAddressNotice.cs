using Microsoft.Extensions.Logging;

namespace Utp.Transport.Datagrams;

/// <summary>Logs once per process, not once per socket, that the system cannot choose the source address of datagrams.</summary>
internal sealed class SourceAddressNotice
{
    private int _isReported;

    /// <summary>The instance of this process.</summary>
    public static SourceAddressNotice Shared { get; } = new();

    public void Report(ILogger logger, UdpSocket udp)
    {
        if (udp.Facts.IsWildcard && !udp.HasLocalAddresses && Interlocked.Exchange(ref _isReported, 1) == 0)
        {
            DatagramLog.SourceAddressesUnavailable(logger, udp.Facts.LocalEndPoint);
        }
    }
}
