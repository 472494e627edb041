using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace Utp.Benchmarks.Micro;

/// <summary>The parts of the hot path one by one, with what they allocate. Arguments are BenchmarkDotNet's.</summary>
internal static class MicroCommand
{
    public static int Run(string[] args)
    {
        // In this process: the internals that are measured are visible to this assembly, and not to one that is generated. A quarter of a second
        // per iteration, so that all of them together end within a minute: at the usual length the last suite fell to whoever allows two.
        var job = Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance).WithIterationTime(TimeInterval.FromMilliseconds(250));
        var config = DefaultConfig.Instance.AddJob(job);
        var summaries = BenchmarkSwitcher.FromAssembly(typeof(MicroCommand).Assembly).Run(args.Length == 0 ? ["--filter", "*"] : args, config);
        return summaries.Any() ? 0 : 1;
    }
}
