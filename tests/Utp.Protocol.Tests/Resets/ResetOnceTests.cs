using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Resets;

/// <summary>libutp revives a connection that is reset a second time before its next tick, and then never tells its application of the end.</summary>
public sealed class ResetOnceTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(100, 2)]
    public void StraysOfOneConnection_DrawOneResetPerSecond(int payload, int perAnswer)
    {
        var peer = ScriptedPeer.Unconnected();
        peer.SendId = 9_999;
        for (var i = 0; i < 10; i++)
        {
            peer.DataAt(new((ushort)i), new byte[payload]);
            peer.Network.Run(0.05);
        }

        Assert.Equal(perAnswer, peer.Take().Count);
        peer.Network.Run(0.6);
        peer.DataAt(new(20), new byte[payload]);
        Assert.Equal(perAnswer, peer.Take().Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void FlightThatMeetsAnAbortedConnection_DrawsNoFurtherReset(bool hostDialled)
    {
        var peer = hostDialled ? ScriptedPeer.Dialled() : ScriptedPeer.Dialling();
        peer.Connection.Abort();
        Assert.Equal(PacketType.Reset, peer.TakeOne().Type);

        for (var i = 0; i < 10; i++)
        {
            peer.Data(new byte[1_000]);
            peer.Network.Run(0.05);
        }

        Assert.Empty(peer.Take());
    }
}
