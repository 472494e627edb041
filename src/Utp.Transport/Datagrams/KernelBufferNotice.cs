using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Utp.Protocol;

namespace Utp.Transport.Datagrams;

/// <summary>Warns once per process and limit, not once per socket, that the system grants smaller buffers than requested.</summary>
internal sealed class KernelBufferNotice
{
    private readonly ConcurrentDictionary<int, bool> _reportedLimits = new();

    /// <summary>The instance of this process.</summary>
    public static KernelBufferNotice Shared { get; } = new();

    public void Report(ILogger logger, int grantedBytes, int wantedBytes)
    {
        if (grantedBytes > 0 && grantedBytes < wantedBytes && _reportedLimits.TryAdd(grantedBytes, true))
        {
            DatagramLog.ReceiveBufferLimited(logger, grantedBytes, wantedBytes, Remedy(wantedBytes));
        }
    }

    private static string Remedy(int wantedBytes)
    {
        if (OperatingSystem.IsLinux())
        {
            return FormattableString.Invariant($"To raise the limit: sysctl -w net.core.rmem_max={wantedBytes}");
        }

        return OperatingSystem.IsMacOS() || OperatingSystem.IsFreeBSD()
            ? FormattableString.Invariant($"To raise the limit: sysctl -w kern.ipc.maxsockbuf={2L * wantedBytes}")
            : "Raise the system's limit, or request a smaller buffer.";
    }
}
