using Utp.Protocol.Tests.Harness;
using Utp.Transport;

namespace Utp.Protocol.Tests.Close;

public sealed class AbortWhileLingeringTests
{
    [Fact]
    public void Abort_PeerHasNotFinished_TellsIt()
    {
        var pair = new TestPair();
        pair.Initiator.Close();
        pair.Network.RunWhile(() => !pair.Initiator.IsClosed);

        pair.Initiator.Abort();
        pair.Network.RunWhile(() => !pair.Acceptor.IsClosed, 1);

        Assert.True(pair.Initiator.IsReleased);
        Assert.Equal(UtpCloseReason.Graceful, pair.Initiator.Core.CloseReason);
        Assert.True(pair.Acceptor.PeerFinished);
        Assert.Equal(UtpCloseReason.PeerReset, pair.Acceptor.Core.CloseReason);
    }

    [Fact]
    public void Abort_PeerHasFinished_IsSilent()
    {
        var pair = new TestPair();
        pair.Acceptor.Close();
        pair.Initiator.Close();
        pair.Network.RunWhile(() => !pair.Initiator.IsClosed || !pair.Acceptor.IsClosed);
        pair.Network.Run(0.1);
        var sentCount = pair.Network.Sent.Count;

        pair.Initiator.Abort();
        pair.Network.Run(5);

        Assert.True(pair.Initiator.IsReleased);
        Assert.Equal(UtpCloseReason.Graceful, pair.Acceptor.Core.CloseReason);
        Assert.Equal(sentCount, pair.Network.Sent.Count);
    }
}
