using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Acknowledgement;

/// <summary>libtorrent gives up after about 4.5 s without acknowledgements: a slow application must close the window, not withhold them.</summary>
[Trait("Pitfall", "15")]
public sealed class AcknowledgementsAreNeverWithheldTests
{
    [Fact]
    public void Data_WhileTheApplicationDoesNotRead_IsAcknowledgedWithinTheDelay()
    {
        var peer = ScriptedPeer.Dialled(new ConnectionSettings { ReceiveBufferBytes = 10_000 });
        peer.Connection.ReadsEagerly = false;
        for (var i = 0; i < 5; i++)
        {
            peer.Take();
            peer.Data(TestPair.Pattern(1_000));
            peer.Network.Run(ConnectionSettings.Default.AckDelayMicros / 1e6);
            Assert.Equal((PacketType.State, peer.Next - 1), (peer.TakeOne().Type, peer.Network.Sent[^1].Header.Acknowledgement));
        }
    }

    [Fact]
    public void DataBeyondAClosedWindow_IsAnsweredAtOnceEachTime()
    {
        var peer = ScriptedPeer.Dialled(new ConnectionSettings { ReceiveBufferBytes = 10_000 });
        peer.Connection.ReadsEagerly = false;
        for (var i = 0; i < 10; i++)
        {
            peer.Data(TestPair.Pattern(1_000));
        }

        for (var i = 0; i < 10; i++)
        {
            peer.Network.Run(1);
            peer.Take();
            peer.DataAt(peer.Next, TestPair.Pattern(1_000));
            var answer = peer.TakeOne();
            Assert.Equal((PacketType.State, 0u, peer.Next - 1), (answer.Type, answer.Header.WindowBytes, answer.Header.Acknowledgement));
        }

        Assert.Equal(10_000, peer.Connection.ReceivedCount);
    }
}
