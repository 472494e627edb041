using BenchmarkDotNet.Attributes;
using Utp.Protocol.Sending;

namespace Utp.Benchmarks.Micro;

/// <summary>What one segment costs both cores together: made, copied, parsed, delivered, acknowledged, and the acknowledgement applied.</summary>
[MemoryDiagnoser]
public class CoreBenchmarks
{
    private const int SegmentsPerCall = 450;

    private readonly CorePair _clean = new();
    private readonly CorePair _lossy = new();

    [Benchmark(OperationsPerInvoke = SegmentsPerCall)]
    public int Segment() => Run(_clean, 0);

    /// <summary>One datagram in 30 is lost: masks are built and applied, segments wait behind gaps and are sent again.</summary>
    [Benchmark(OperationsPerInvoke = SegmentsPerCall)]
    public int SegmentWithLoss() => Run(_lossy, 30);

    private static int Run(CorePair pair, int lossEvery)
    {
        var count = 0;
        while (count < SegmentsPerCall)
        {
            count += pair.Exchange(lossEvery);
        }

        return count;
    }
}
