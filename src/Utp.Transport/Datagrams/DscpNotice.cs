using Microsoft.Extensions.Logging;

namespace Utp.Transport.Datagrams;

/// <summary>Warns once per process, not once per socket, that the system does not mark datagrams with the code point that the options ask for.</summary>
internal sealed class DscpNotice
{
    private int _isReported;

    /// <summary>The instance of this process.</summary>
    public static DscpNotice Shared { get; } = new();

    /// <param name="logger">The logger.</param>
    /// <param name="udp">The socket.</param>
    /// <param name="codePoint">The code point that the options ask for.</param>
    /// <param name="reason">Why the system does not mark; null if it does.</param>
    public void Report(ILogger logger, UdpSocket udp, int codePoint, string? reason)
    {
        if (reason is not null && Interlocked.Exchange(ref _isReported, 1) == 0)
        {
            DatagramLog.DscpUnavailable(logger, codePoint, udp.Facts.LocalEndPoint, reason);
        }
    }
}
