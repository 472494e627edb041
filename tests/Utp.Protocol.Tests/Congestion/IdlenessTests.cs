using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Time;
using Utp.Transport;

namespace Utp.Protocol.Tests.Congestion;

/// <summary>Idleness shrinks the window of a connection that has sent before, and only of such a connection.</summary>
public class IdlenessTests
{
    private const double WaitSeconds = 10;

    [Theory]
    [InlineData(UtpCongestionControl.LedbatPlusPlus, 2)]
    [InlineData(UtpCongestionControl.Ledbat, 2)]
    [InlineData(UtpCongestionControl.Cubic, 10)]
    public void FirstData_LongAfterTheHandshake_LeavesWithTheInitialWindow(UtpCongestionControl algorithm, int segments)
    {
        var pair = new TestPair(new ConnectionSettings { CongestionControl = algorithm }, start: Instant.FromSeconds(1_000));
        pair.Network.Run(WaitSeconds);

        foreach (var end in (TestConnection[])[pair.Initiator, pair.Acceptor])
        {
            var initial = end.Core.Statistics.CongestionWindowBytes;
            end.Write(TestPair.Pattern(100_000));

            Assert.Equal(initial, end.Core.Statistics.CongestionWindowBytes);
            Assert.InRange(end.Core.Statistics.FlightBytes, (segments - 1) * 1_000, segments * 1_500);
        }
    }

    [Theory]
    [InlineData(UtpCongestionControl.LedbatPlusPlus)]
    [InlineData(UtpCongestionControl.Ledbat)]
    [InlineData(UtpCongestionControl.Cubic)]
    public void Data_LongAfterEarlierData_LeavesWithTheMinimumWindow(UtpCongestionControl algorithm)
    {
        var pair = new TestPair(new ConnectionSettings { CongestionControl = algorithm });
        pair.Initiator.Write(TestPair.Pattern(200_000));
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < 200_000);
        pair.Network.Run(WaitSeconds);
        var before = pair.Initiator.Core.Statistics.CongestionWindowBytes;

        pair.Initiator.Write(TestPair.Pattern(100));

        Assert.InRange(pair.Initiator.Core.Statistics.CongestionWindowBytes, 2_000, Math.Min(3_000, before - 1));
    }
}
