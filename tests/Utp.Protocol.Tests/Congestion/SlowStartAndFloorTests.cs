using Utp.Protocol.Connections;
using Utp.Protocol.Sending;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;
using Utp.Simulation.Randomness;
using Utp.Transport;

namespace Utp.Protocol.Tests.Congestion;

/// <summary>libutp's slow start is linear and its smallest window ten bytes; neither is copied.</summary>
[Trait("Pitfall", "24")]
public sealed class SlowStartAndFloorTests
{
    /// <summary>LEDBAT++ adds half a window per round trip here (its GAIN at 100 ms), CUBIC doubles; six round trips.</summary>
    [Theory]
    [InlineData(UtpCongestionControl.LedbatPlusPlus, 8)]
    [InlineData(UtpCongestionControl.Cubic, 32)]
    public void SlowStart_OnAnIdlePath_GrowsByAPartOfTheWindowPerRoundTrip(UtpCongestionControl algorithm, int factor)
    {
        var pair = new TestPair(new ConnectionSettings { CongestionControl = algorithm }, delayMicros: 50_000);
        pair.Initiator.Write(new byte[4_000_000]);
        var before = pair.Initiator.Core.Statistics.CongestionWindowBytes;

        pair.Network.Run(0.1 * 6 + 0.05);

        // Libutp's formula would have added at most six segments.
        Assert.True(pair.Initiator.Core.Statistics.CongestionWindowBytes >= before * factor,
            $"{before} -> {pair.Initiator.Core.Statistics.CongestionWindowBytes}");
    }

    [Fact]
    public void Window_UnderHeavyLoss_NeverFallsBelowOneSegment_NorBelowTwoWithoutATimeout()
    {
        var pair = new TestPair();
        var random = new SeededRandomSource(24);
        pair.Network.Rule = d => d.Type == PacketType.Data && random.NextDouble() < 0.3 ? TestNetwork.Drop : TestNetwork.Deliver;
        pair.Initiator.Write(TestPair.Pattern(300_000));
        var smallest = long.MaxValue;
        pair.Network.RunWhile(
            () =>
            {
                var statistics = pair.Initiator.Core.Statistics;
                smallest = Math.Min(smallest, statistics.CongestionWindowBytes);

                // Repeated timeouts make segments smaller.
                Assert.True(statistics.CongestionWindowBytes >= (statistics.Timeouts == 0 ? 2 : 1) * (statistics.PathMtuBytes - PacketHeader.Size));
                return pair.Acceptor.ReceivedCount < 300_000;
            },
            300);

        Assert.InRange(smallest, PathMtuSearch.MinBytes - PacketHeader.Size, 2 * 1_232);
    }
}
