using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.FlowControl;

/// <summary>A libtorrent receiver that closed its window stays silent when it reopens.</summary>
[Trait("Pitfall", "10")]
public sealed class ZeroWindowIsProbedTests
{
    [Fact]
    public void ClosedWindow_IsProbedWithOneByte_AndAgainWithBackOff()
    {
        var peer = ScriptedPeer.Dialled();
        peer.WindowBytes = 0;
        peer.State();
        peer.Connection.Write(TestPair.Pattern(10_000));

        var start = peer.Network.Now;
        Assert.Empty(peer.Take());
        peer.Network.Run(20);

        var probes = peer.Take().Where(d => d.Type == PacketType.Data).ToList();
        Assert.InRange(probes.Count, 3, 8);
        Assert.All(probes, d => Assert.Equal((1, probes[0].Header.Sequence), (d.PayloadLength, d.Header.Sequence)));
        Assert.InRange(probes[0].SentAt - start, 900_000, 5_000_000);
        Assert.True(probes[^1].SentAt - probes[^2].SentAt > probes[1].SentAt - probes[0].SentAt);
    }

    [Fact]
    public void ClosedWindow_ThatHasOpenedSilently_IsDiscoveredByTheProbe()
    {
        var peer = ScriptedPeer.Dialled();
        peer.WindowBytes = 0;
        peer.State();
        peer.Connection.Write(TestPair.Pattern(2_000));
        peer.Network.RunWhile(() => peer.Network.Sent[^1].Type != PacketType.Data, 5);

        peer.WindowBytes = 1 << 20;
        peer.AcknowledgeAll();

        Assert.Equal(1_999, peer.Take().Sum(d => d.PayloadLength));
    }
}
