using Utp.Protocol.Connections.Opening;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Tests.Handshake;

/// <summary>A libutp acceptor answers nothing but DATA: STATE and FIN are ignored until the initiator has spoken.</summary>
[Trait("Pitfall", "18")]
public sealed class LibutpAcceptorIsMuteUntilDataTests
{
    [Fact]
    public void Initiator_BytesBufferedBeforeTheSynAck_LeaveAtOnceAndWaitForNothing()
    {
        var peer = ScriptedPeer.Unconnected();
        peer.ConnectHost();
        peer.Connection.Write([1, 2, 3]);
        Assert.Empty(peer.Take());

        peer.AnswerSyn();

        Assert.Contains(peer.Take(), d => d.Type == PacketType.Data && d.PayloadLength == 3 && d.Header.Acknowledgement == peer.Next - 1);
    }

    /// <summary>Such an acceptor ignores the FIN of an initiator that had nothing to say; closing must end all the same.</summary>
    [Fact]
    public void Initiator_ClosesWithoutHavingSpoken_EndsWithinTheLingerTime()
    {
        var peer = ScriptedPeer.Dialled();

        peer.Connection.Close();

        peer.Network.RunWhile(() => !peer.Connection.IsReleased, 13);
        Assert.Equal(UtpCloseReason.Graceful, peer.Connection.Core.CloseReason);
    }
}
