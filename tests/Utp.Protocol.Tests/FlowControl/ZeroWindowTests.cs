using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Tests.FlowControl;

public sealed class ZeroWindowTests
{
    private const int BufferBytes = 30_000;

    [Fact]
    public void ReaderThatStops_StallsTheSender_AndReadingResumesIt()
    {
        var pair = Stalled();

        Assert.Equal(0, pair.Initiator.Core.Statistics.PeerWindowBytes);
        Assert.InRange(pair.Acceptor.ReceivedCount, BufferBytes - (2 * 1_472), BufferBytes);
        var resumed = pair.Network.Now;
        pair.Acceptor.ReadsEagerly = true;
        pair.Acceptor.Consume(pair.Acceptor.ReceivedCount);
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < 200_000);

        Assert.Equal(TestPair.Pattern(200_000), pair.Acceptor.Received);
        Assert.True(pair.Network.Now - resumed < 1_000_000);
        Assert.Equal(0, pair.Initiator.Core.Statistics.CongestionEvents);
    }

    /// <summary>Nobody repeats a lost update for a sender that does not ask; ours asks.</summary>
    [Fact]
    public void WindowUpdateLost_TheSendersProbeFindsOut()
    {
        var pair = Stalled();
        pair.Network.Rule = d => d.From == pair.B.Address ? TestNetwork.Drop : TestNetwork.Deliver;
        pair.Acceptor.ReadsEagerly = true;
        pair.Acceptor.Consume(pair.Acceptor.ReceivedCount);
        pair.Network.Run(0.1);
        pair.Network.Rule = _ => TestNetwork.Deliver;
        var reopened = pair.Network.Now;

        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < 200_000);

        Assert.True(pair.Network.Now - reopened < 17_000_000, "the longest wait between probes is 15 s");
        Assert.Equal(TestPair.Pattern(200_000), pair.Acceptor.Received);
    }

    /// <summary>libtorrent as a sender waits in silence: it has to be told again, or it waits until the keepalive.</summary>
    [Fact]
    public void WindowUpdateLost_IsRepeatedUntilDataMoves()
    {
        var peer = ScriptedPeer.Dialled(new ConnectionSettings { ReceiveBufferBytes = 10_000 });
        peer.Connection.ReadsEagerly = false;
        for (var i = 0; i < 8; i++)
        {
            peer.Data(TestPair.Pattern(1_000));
        }

        Assert.Equal(0u, peer.Take()[^1].Header.WindowBytes);
        peer.Connection.Consume(8_000);
        Assert.Equal(10_000u, peer.TakeOne().Header.WindowBytes);

        peer.Network.Run(10);

        var repeats = peer.Take();
        Assert.InRange(repeats.Count, 2, 5);
        Assert.All(repeats, d => Assert.Equal((PacketType.State, 10_000u), (d.Type, d.Header.WindowBytes)));
        Assert.True(repeats[0].SentAt - new Instant(1_000_000) < 2_000_000);
        peer.Data(1);
        peer.Data(2);
        peer.Take();
        peer.Network.Run(20);

        // The probes that begin a silence remain.
        Assert.InRange(peer.Take().Count, 0, 3);
    }

    [Fact]
    public void StalledForFiveMinutes_SurvivesAsLongAsProbesAreAnswered()
    {
        var pair = Stalled();

        pair.Network.Run(300);
        Assert.Equal(UtpCloseReason.None, pair.Initiator.Core.CloseReason);
        pair.Acceptor.ReadsEagerly = true;
        pair.Acceptor.Consume(pair.Acceptor.ReceivedCount);

        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < 200_000, 20);
        Assert.Equal(TestPair.Pattern(200_000), pair.Acceptor.Received);
    }

    [Fact]
    public void StalledPeerThatVanishes_IsGivenUp()
    {
        var pair = Stalled();

        pair.B.IsGone = true;

        pair.Network.RunWhile(() => !pair.Initiator.IsReleased, 150);
        Assert.Contains(pair.Initiator.Core.CloseReason, new[] { UtpCloseReason.RetransmissionTimeout, UtpCloseReason.IdleTimeout });
    }

    /// <summary>A peer that offers room but never more than one packet at a time, and announces nothing: progress without probes.</summary>
    [Fact]
    public void WindowOfOneSegment_MovesOneSegmentPerRoundTrip()
    {
        var peer = ScriptedPeer.Dialled();
        peer.WindowBytes = 1_232;
        peer.State();
        peer.Connection.Write(new byte[12_320]);

        for (var i = 0; i < 10; i++)
        {
            var data = Assert.Single(peer.AcknowledgeAll(), d => d.Type == PacketType.Data);
            Assert.Equal(1_232, data.PayloadLength);
        }
    }

    [Fact]
    public void Fin_NeedsNoWindow()
    {
        var peer = ScriptedPeer.Dialled();
        peer.WindowBytes = 0;
        peer.State();

        peer.Connection.Finish();

        Assert.Equal(PacketType.Fin, peer.TakeOne().Type);
    }

    private static TestPair Stalled()
    {
        var pair = new TestPair(new ConnectionSettings { ReceiveBufferBytes = BufferBytes });
        pair.Acceptor.ReadsEagerly = false;
        pair.Initiator.Write(TestPair.Pattern(200_000));
        pair.Network.Run(20);
        return pair;
    }
}
