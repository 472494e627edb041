using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Pitfalls;

/// <summary>libtorrent sends one SYN and gives up after 3 s.</summary>
public sealed class Pitfall16_SynIsAnsweredAtOnce
{
    [Fact]
    public void Syn_IsAnsweredAtTheSameInstant_BeforeTheApplicationIsAsked()
    {
        var peer = ScriptedPeer.Unconnected();
        var now = peer.Network.Now;

        var synAck = peer.SendSyn();

        Assert.Equal((PacketType.State, now), (synAck.Type, synAck.SentAt));
        Assert.Empty(peer.Host.Accepted);
    }
}
