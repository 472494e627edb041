using Utp.Protocol.Connections.Opening;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Handshake;

/// <summary>libtorrent 2.0.8 sends one SYN, whatever its resend setting, and gives up after 3 s.</summary>
[Trait("Pitfall", "16")]
public sealed class SynIsAnsweredAtOnceTests
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
