using Utp.Protocol.Connections.Opening;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Handshake;

/// <summary>A SYN-ACK without a timestamp difference tells a round trip only if it can answer no other SYN.</summary>
public sealed class RoundTripOfTheHandshakeTests
{
    [Fact]
    public void SynAck_OfTheOnlySyn_TellsTheRoundTrip()
    {
        var peer = ScriptedPeer.Unconnected();
        peer.ConnectHost();
        peer.Network.Run(0.03);

        Answer(peer);

        Assert.True(peer.Connection.IsConnected);
        Assert.Equal(30_000, peer.Connection.Core.MinRoundTripMicros);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void SynAck_AfterARepeatedSyn_TellsNone(int answered)
    {
        var peer = ScriptedPeer.Unconnected();
        var first = peer.ConnectHost();
        peer.Network.Run(1.4);
        var syns = new[] { first, peer.TakeOne() };
        peer.LearnFrom(syns[answered]);

        Answer(peer);

        Assert.True(peer.Connection.IsConnected);
        Assert.Equal(0, peer.Connection.Core.MinRoundTripMicros);
    }

    private static void Answer(ScriptedPeer peer) => peer.Send(peer.Header(PacketType.State) with { TimestampDifference = 0 });
}
