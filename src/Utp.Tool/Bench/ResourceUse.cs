using System.Diagnostics;

namespace Utp.Tool.Bench;

/// <summary>What this process used between two moments.</summary>
internal readonly record struct ResourceUse(TimeSpan Time, TimeSpan Cpu, long AllocatedBytes)
{
    /// <summary>The process's totals now; subtract two of them.</summary>
    public static ResourceUse Now => new(
        Stopwatch.GetElapsedTime(0),
        Environment.CpuUsage.TotalTime,
        GC.GetTotalAllocatedBytes(precise: true));

    public static ResourceUse operator -(ResourceUse later, ResourceUse earlier) => new(
        later.Time - earlier.Time,
        later.Cpu - earlier.Cpu,
        later.AllocatedBytes - earlier.AllocatedBytes);
}
