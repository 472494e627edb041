using Utp.Protocol.Congestion;
using Utp.Protocol.Connections;
using Utp.Protocol.Time;
using Utp.Transport;

namespace Utp.Protocol.Tests.Congestion;

public class ControllerFactoryTests
{
    [Theory]
    [InlineData(UtpCongestionControl.LedbatPlusPlus)]
    [InlineData(UtpCongestionControl.Ledbat)]
    [InlineData(UtpCongestionControl.Cubic)]
    public void Create_EachAlgorithm_GivesItsController(UtpCongestionControl algorithm)
    {
        var controller = CongestionControllers.Create(new ConnectionSettings { CongestionControl = algorithm }, 1_000);

        Assert.Equal(algorithm, controller.Algorithm);
        Assert.Equal("slow-start", controller.Phase);
        Assert.InRange(controller.CongestionWindowBytes, 2_000, 10_000);
        Assert.Equal(0, controller.QueueingDelayMicros);
    }

    [Fact]
    public void Create_UnknownAlgorithm_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(
            () => CongestionControllers.Create(new ConnectionSettings { CongestionControl = (UtpCongestionControl)99 }, 1_000));

    [Fact]
    public void Create_ByDefault_IsAScavenger() =>
        Assert.Equal(UtpCongestionControl.LedbatPlusPlus, CongestionControllers.Create(ConnectionSettings.Default, 1_000).Algorithm);

    /// <summary>Tens of thousands of idle connections are to fit. What loss and slowdowns need is made when the first slow start ends.</summary>
    [Theory]
    [InlineData(UtpCongestionControl.LedbatPlusPlus)]
    [InlineData(UtpCongestionControl.Ledbat)]
    [InlineData(UtpCongestionControl.Cubic)]
    public void Controller_TakesLittleMemory_AndNoneForAnAcknowledgement(UtpCongestionControl algorithm)
    {
        var settings = new ConnectionSettings { CongestionControl = algorithm };
        ICongestionController controller = null!;
        var created = Allocations.SmallestOf(() => controller = CongestionControllers.Create(settings, 1_000));
        var warmedUp = Allocations.SmallestOf(() =>
        {
            controller = CongestionControllers.Create(settings, 1_000);
            Acknowledge(controller, 1, 10_000);
            controller.OnSegmentLost(new Instant(1_000_000));
            controller.OnLoss(new Instant(1_000_000), 1_000);
        });
        var used = Allocations.SmallestOf(() => Acknowledge(controller, 10_000, 20_000));

        Assert.InRange(created, 1, 400);
        Assert.InRange(warmedUp - created, 0, 500);
        Assert.Equal(0, used);
    }

    private static void Acknowledge(ICongestionController controller, int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            controller.OnDelaySample(new Instant(i * 100), (uint)i);
            controller.OnPeerDelaySample(new Instant(i * 100), (uint)i);
            controller.OnAcknowledged(Acknowledgements.Of(i * 100, 1_000, roundTripMicros: 40_000 + (i % 7_000)));
        }
    }
}
