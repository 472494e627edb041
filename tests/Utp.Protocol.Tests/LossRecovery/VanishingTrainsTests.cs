using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;
using Utp.Simulation.Randomness;

namespace Utp.Protocol.Tests.LossRecovery;

/// <summary>Some kernels and virtual network cards drop trains that they should cut into datagrams, and say nothing.</summary>
public sealed class VanishingTrainsTests
{
    [Fact]
    public void Bulk_WhileEveryTrainVanishes_GoesOnInSingleDatagramsWithinASecond()
    {
        var pair = new TestPair(delayMicros: 1_000);
        pair.A.LosesTrains = true;
        var bytes = TestPair.Pattern(1_000_000);
        pair.Initiator.Write(bytes);
        var begin = pair.Network.Now;

        pair.Network.RunWhile(() => pair.A.Core.Trains.SuspensionCount == 0, 1);
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < bytes.Length, 10);

        Assert.Equal(bytes, pair.Acceptor.Received);
        Assert.InRange(pair.Network.Now - begin, 0, 2_000_000);
        Assert.Equal(0, pair.Initiator.Core.Statistics.Timeouts);
    }

    /// <summary>Both directions: each answer is a train of its own.</summary>
    [Fact]
    public void Messages_WhileEveryTrainVanishes_TakeARoundTripEachFromTheFourthOn()
    {
        var pair = new TestPair(delayMicros: 1_000);
        pair.A.LosesTrains = true;
        pair.B.LosesTrains = true;
        var message = TestPair.Pattern(4_000);
        for (var i = 1; i <= 50; i++)
        {
            var begin = pair.Network.Now;
            pair.Initiator.Write(message);
            pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < i * message.Length, 5);
            pair.Acceptor.Write(message);
            pair.Network.RunWhile(() => pair.Initiator.ReceivedCount < i * message.Length, 5);
            if (i > 4)
            {
                Assert.True(pair.Network.Now - begin <= 20_000, $"message {i} took {pair.Network.Now - begin} µs");
            }
        }
    }

    /// <summary>
    /// The programs start slowly, so the first round trip of each side is far too long. What is sent again is acknowledged sooner than that, and
    /// the side that accepts has measured nothing yet.
    /// </summary>
    [Theory]
    [InlineData(25_000, 0)]
    [InlineData(350_000, 24)]
    public void Messages_WhileEveryTrainVanishesAndTheStartWasSlow_ComeUpToSpeedWithinTwoSeconds(long startDelayMicros, int headerBytes)
    {
        var pair = new TestPair(delayMicros: startDelayMicros);
        pair.Network.DelayMicros = 200;
        pair.A.LosesTrains = true;
        pair.B.LosesTrains = true;
        var message = TestPair.Pattern(4_000);
        var (begin, sent) = (pair.Network.Now, headerBytes);
        pair.Initiator.Write(message.AsSpan(0, headerBytes));
        while (pair.Network.Now - begin < 2_000_000)
        {
            ExchangeOne();
        }

        var (fastFrom, count) = (pair.Network.Now, 100);
        for (var i = 0; i < count; i++)
        {
            ExchangeOne();
        }

        Assert.Equal((1, 1), (pair.A.Core.Trains.SuspensionCount, pair.B.Core.Trains.SuspensionCount));
        Assert.InRange(pair.Network.Now - fastFrom, 0, count * 3_000L);

        void ExchangeOne()
        {
            pair.Initiator.Write(message);
            sent += message.Length;
            pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < sent, 20);
            pair.Acceptor.Write(message);
            pair.Network.RunWhile(() => pair.Initiator.ReceivedCount < sent - headerBytes, 20);
        }
    }

    /// <summary>What is sent again leaves unsegmented, so a connection lives even while its trains do not.</summary>
    [Fact]
    public void Trains_ThatVanishInTheMiddle_AreNoticedToo()
    {
        var pair = new TestPair(new ConnectionSettings { MaxFlightBytes = 60_000 }, delayMicros: 5_000);
        var bytes = TestPair.Pattern(3_000_000);
        pair.Initiator.Write(bytes);
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < 500_000);

        pair.A.LosesTrains = true;
        var begin = pair.Network.Now;
        pair.Network.RunWhile(() => pair.A.Core.Trains.SuspensionCount == 0, 5);
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < bytes.Length, 20);

        Assert.Equal(bytes, pair.Acceptor.Received);
        Assert.InRange(pair.Network.Now - begin, 0, 10_000_000);
    }

    /// <summary>Neither an outage nor heavy loss looks like it.</summary>
    [Theory]
    [InlineData(0.02)]
    [InlineData(0.1)]
    [InlineData(0.2)]
    public void LossOfDatagrams_IsNotTakenForIt(double loss)
    {
        var pair = new TestPair(delayMicros: 5_000);
        var random = new SeededRandomSource(4);
        var bytes = TestPair.Pattern(1_000_000);
        pair.Initiator.Write(bytes);
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < 200_000);
        var outage = pair.Network.Now + 1_500_000;
        pair.Network.Rule = d => d.SentAt < outage || random.NextDouble() < loss ? TestNetwork.Drop : TestNetwork.Deliver;

        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < bytes.Length, 600);

        Assert.Equal(0, pair.A.Core.Trains.SuspensionCount);
    }
}
