using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Utp.Benchmarks.Micro;

/// <summary>The parts of the hot path one by one, with what they allocate. Arguments are BenchmarkDotNet's.</summary>
internal static class MicroCommand
{
    public static int Run(string[] args)
    {
        // In this process: the internals that are measured are visible to this assembly, and not to one that is generated.
        var config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
        var summaries = BenchmarkSwitcher.FromAssembly(typeof(MicroCommand).Assembly).Run(args.Length == 0 ? ["--filter", "*"] : args, config);
        return summaries.Any() ? 0 : 1;
    }
}
