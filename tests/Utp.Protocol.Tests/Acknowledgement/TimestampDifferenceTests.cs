using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Acknowledgement;

/// <summary>A difference taken when the answer leaves would add our own delay to the path's. 0 and 0x7FFFFFFF mean "none" to peers.</summary>
[Trait("Pitfall", "20")]
public sealed class TimestampDifferenceTests
{
    [Fact]
    public void Difference_IsTakenAtArrival_NotWhenTheAcknowledgementLeaves()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Data(1);
        var arrival = peer.Network.Now;
        peer.Network.Run(0.1);

        var state = peer.TakeOne();
        Assert.True(state.SentAt > arrival);
        Assert.Equal(unchecked(0u - peer.ClockOffset), state.Header.TimestampDifference);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(0x7FFF_FFFFu)]
    public void Difference_ThatMeansNoneToPeers_IsMovedByOne(uint difference)
    {
        var peer = ScriptedPeer.Dialled();
        peer.ClockOffset = unchecked(0u - difference);

        peer.Data(1);
        peer.Data(2);

        Assert.Equal(difference + 1, peer.TakeOne().Header.TimestampDifference);
    }

    [Fact]
    public void Timestamp_AtTheWrapOfTheClock_IsNeverZero()
    {
        var pair = new TestPair(connect: false, start: new Instant(1L << 32));
        pair.Network.DelayMicros = 0;

        pair.A.Connect(pair.B);

        Assert.Equal(1u, pair.Network.Sent[0].Header.Timestamp);
    }

    /// <summary>
    /// A peer that has nothing to echo, or a broken one, does not confuse the delay estimate: were these samples, all that follow would seem to
    /// have waited in a queue. The round trip bounds the estimate, so it is lengthened as well.
    /// </summary>
    [Theory]
    [InlineData(0u)]
    [InlineData(0x7FFF_FFFFu)]
    public void PeersDifference_ThatMeansNone_IsNoSample(uint difference)
    {
        var peer = ScriptedPeer.Dialled();
        for (var i = 0; i < 30; i++)
        {
            var isReal = i >= 15;
            peer.Connection.Write([1]);
            peer.Network.Run(isReal ? 0.07 : 0.02);
            var data = peer.Take().Last(d => d.Type == PacketType.Data);
            peer.Received = data.Header.Sequence;
            peer.Send(peer.Header(PacketType.State) with { TimestampDifference = isReal ? difference + 30_000 : difference });
        }

        Assert.Equal(0, peer.Connection.Core.Statistics.QueueingDelayMicros);
    }
}
