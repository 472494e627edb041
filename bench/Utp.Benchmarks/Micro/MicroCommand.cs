using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace Utp.Benchmarks.Micro;

/// <summary>Measures the parts of the hot path one by one, with their allocations. The arguments are BenchmarkDotNet's.</summary>
internal static class MicroCommand
{
    public static int Run(string[] args)
    {
        // The benchmarks run in this process, because the internals are visible to this assembly, and not to a generated one. An iteration takes a
        // quarter of a second, so that all of them together end within a minute: at the usual length, a limit of two minutes cut off the last suite.
        var job = Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance).WithIterationTime(TimeInterval.FromMilliseconds(250));
        var config = DefaultConfig.Instance.AddJob(job);
        var summaries = BenchmarkSwitcher.FromAssembly(typeof(MicroCommand).Assembly).Run(args.Length == 0 ? ["--filter", "*"] : args, config);
        return summaries.Any() ? 0 : 1;
    }
}
