using BenchmarkDotNet.Attributes;
using Utp.Protocol.Receiving;
using Utp.Protocol.Sending;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Benchmarks.Micro;

/// <summary>Processes a mask over 256 packets of which every eighth is missing.</summary>
[MemoryDiagnoser]
public class SelectiveAckBenchmarks
{
    private const int Span = 256;

    private static readonly SequenceNumber Next = new(65_500);

    private readonly ReorderBuffer _held = new(new SegmentBuffers());
    private readonly byte[] _mask = new byte[SelectiveAck.MaxMaskBytes];
    private InFlightSegments _segments;

    [GlobalSetup]
    public void Setup()
    {
        for (var i = 1; i <= Span; i++)
        {
            if (i % 8 != 0)
            {
                _held.Add(Next, Next + i, new byte[1_400]);
            }
        }

        _held.WriteMask(Next, _mask);
    }

    [Benchmark]
    public int Build() => _held.WriteMask(Next, _mask);

    /// <summary>Numbers the same count of segments and marks those that the mask names, as the sender does.</summary>
    [Benchmark]
    public int SendAndApply()
    {
        _segments = new InFlightSegments(Next);
        for (var i = 0; i <= Span; i++)
        {
            _segments.Add(SegmentKind.Data, default, 1_400, new Instant(i));
        }

        for (var bit = 0; bit < Span - 1; bit++)
        {
            if (SelectiveAck.IsSet(_mask, bit))
            {
                _segments.MarkAcknowledged(Next + 1 + bit);
            }
        }

        return _segments.AcknowledgedCount;
    }
}
