using BenchmarkDotNet.Attributes;
using Utp.Protocol.Sending;

namespace Utp.Benchmarks.Micro;

/// <summary>
/// Measures the cost of one segment in both cores together: made, copied, parsed, delivered, acknowledged, and the acknowledgement applied.
/// </summary>
[MemoryDiagnoser]
public class CoreBenchmarks
{
    private const int SegmentsPerCall = 450;

    private readonly CorePair _clean = new();
    private readonly CorePair _lossy = new();

    [Benchmark(OperationsPerInvoke = SegmentsPerCall)]
    public int Segment() => Run(_clean, 0);

    /// <summary>
    /// Loses one datagram in 30: the cores build and apply masks, and segments wait behind gaps and are retransmitted.
    /// </summary>
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
