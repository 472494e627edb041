using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.FlowControl;

/// <summary>libutp hangs when the window is neither zero nor a packet; so none is advertised, and such windows of others are probed.</summary>
[Trait("Pitfall", "11")]
public sealed class SmallWindowsTests
{
    [Fact]
    public void AdvertisedWindow_WhileTheBufferFillsAndDrains_IsZeroOrTwoSegments()
    {
        var pair = new TestPair(new ConnectionSettings { ReceiveBufferBytes = 20_000 });
        pair.Acceptor.ReadsEagerly = false;
        pair.Initiator.Write(TestPair.Pattern(60_000));
        for (var unread = 0L; pair.Acceptor.ReceivedCount < 60_000 || unread > 0;)
        {
            pair.Network.Run(0.2);
            unread = pair.Acceptor.Core.Statistics.BytesReceived - pair.Acceptor.ConsumedCount;
            pair.Acceptor.Consume(Math.Min(unread, 700));
        }

        var windows = pair.Network.Sent.Where(d => d.From == pair.B.Address).Select(d => d.Header.WindowBytes).ToList();
        Assert.Contains(0u, windows);
        Assert.DoesNotContain(windows, w => w is > 0 and < 2 * 1_472);
        Assert.Equal(TestPair.Pattern(60_000), pair.Acceptor.Received);
    }

    [Fact]
    public void PeersWindow_SmallerThanASegment_IsProbedWithWhatFits()
    {
        var peer = ScriptedPeer.Dialled();
        peer.WindowBytes = 500;
        peer.State();
        peer.Connection.Write(TestPair.Pattern(10_000));

        peer.Network.RunWhile(() => peer.Network.Sent[^1].Type != PacketType.Data, 5);

        Assert.Equal(500, peer.Take()[^1].PayloadLength);
    }
}
