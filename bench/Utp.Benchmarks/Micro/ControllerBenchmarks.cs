using BenchmarkDotNet.Attributes;
using Utp.Protocol.Congestion;
using Utp.Protocol.Connections;
using Utp.Protocol.Time;

namespace Utp.Benchmarks.Micro;

/// <summary>Passes one acknowledgement, with its delay sample, through each congestion controller.</summary>
[MemoryDiagnoser]
public class ControllerBenchmarks
{
    private ICongestionController _controller = null!;
    private Instant _now = new(1_000_000);
    private uint _difference = 5_000;

    [ParamsAllValues]
    public UtpCongestionControl Algorithm { get; set; }

    [GlobalSetup]
    public void Setup() => _controller = CongestionControllers.Create(ConnectionSettings.Default with { CongestionControl = Algorithm }, 1_452);

    [Benchmark]
    public long Acknowledge()
    {
        _now += 100;
        _difference = 5_000 + (_difference * 7 % 997);
        _controller.OnDelaySample(_now, _difference);
        _controller.OnAcknowledged(new AcknowledgementSample
        {
            Now = _now,
            AcknowledgedBytes = 2_904,
            FlightBytes = 200_000,
            RoundTripMicros = 20_000,
            SmoothedRoundTripMicros = 20_000,
            MinRoundTripMicros = 15_000,
            IsWindowLimited = true,
            IsInRecovery = false,
        });
        return _controller.CongestionWindowBytes;
    }
}
