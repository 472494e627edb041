using Utp.Protocol.Addresses;
using Utp.Protocol.Connections.Failures;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Tests.Liveness;

public sealed class VanishedPeerTests
{
    [Fact]
    public void Connect_ToNobody_TriesSeveralTimesAndFailsAtTheConnectTimeout()
    {
        var network = new TestNetwork();
        var host = network.AddHost();
        var start = network.Now;
        var connection = host.Connect(PeerAddress.FromIPv4(0x0A000100, 7000));

        network.RunWhile(() => !connection.IsReleased, 21);

        Assert.Equal((UtpCloseReason.ConnectTimeout, 20_000_000), (connection.Core.CloseReason, connection.ClosedAt - start));
        var syns = network.Sent.Where(d => d.Type == PacketType.Syn).ToList();
        Assert.InRange(syns.Count, 4, 6);
        Assert.Equal(syns.Count, syns.Select(d => d.Header.ConnectionId).Distinct().Count());
        Assert.Equal(0, host.Core.ConnectionCount);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WithDataInFlight_ItIsGivenUpAtTheIdleTimeout(bool initiatorSends)
    {
        var pair = new TestPair();
        var (sends, gone) = initiatorSends ? (pair.Initiator, pair.B) : (pair.Acceptor, pair.A);
        sends.Write(TestPair.Pattern(5_000));
        gone.IsGone = true;
        var start = pair.Network.Now;

        pair.Network.RunWhile(() => !sends.IsReleased, 151);

        Assert.Equal(UtpCloseReason.RetransmissionTimeout, sends.Core.CloseReason);
        Assert.InRange(sends.ClosedAt - start, 149_000_000, 150_000_000);
    }

    [Fact]
    public void Timeouts_DoubleBetweenRetransmissions_UpToTenSeconds()
    {
        var pair = new TestPair();
        pair.B.IsGone = true;
        pair.Initiator.Write([1]);
        pair.Network.Run(20);

        var sent = pair.Network.Sent.Where(d => d.Type == PacketType.Data).Select(d => d.SentAt).ToList();

        // The second is the tail probe; those after it are the timeouts.
        var gaps = sent.Skip(2).Zip(sent.Skip(3), (a, b) => b - a).ToList();
        Assert.InRange(sent.Count, 6, 8);
        Assert.All(gaps.Zip(gaps.Skip(1)), g => Assert.InRange(g.Second / (double)g.First, 1.5, 2.1));
    }

    [Fact]
    public void PeerThatRestarts_AnswersWithAReset_WhichEndsTheConnection()
    {
        var pair = new TestPair();
        pair.Initiator.Write([1]);
        pair.Network.Run(1);
        pair.Network.Rule = _ => TestNetwork.Drop;
        pair.Acceptor.Abort();
        pair.Network.Run(1);
        pair.Network.Rule = _ => TestNetwork.Deliver;

        pair.Initiator.Write(TestPair.Pattern(100));
        pair.Network.RunWhile(() => !pair.Initiator.IsReleased, 1);

        Assert.Equal(UtpCloseReason.PeerReset, pair.Initiator.Core.CloseReason);
    }

    [Fact]
    public void Unreachable_QuotingOurSyn_FailsTheAttemptAtOnce()
    {
        var peer = ScriptedPeer.Unconnected();
        var syn = peer.ConnectHost();

        peer.Host.Core.HandleUnreachable(peer.Network.Now, peer.Address, isRefusal: true, syn.Bytes);
        peer.Host.Drain();

        Assert.Equal((UtpCloseReason.Refused, true), (peer.Connection.Core.CloseReason, peer.Connection.IsReleased));
    }

    /// <summary>Whoever knows both ports could end attempts before they are answered; without the SYN's numbers nothing tells him from a router.</summary>
    [Fact]
    public void Unreachable_QuotingOnlyTheUdpHeader_IsIgnored_ThoughOneAttemptFits()
    {
        var peer = ScriptedPeer.Unconnected();
        peer.ConnectHost();

        peer.Host.Core.HandleUnreachable(peer.Network.Now, peer.Address, isRefusal: true, quotedDatagram: []);
        peer.Host.Drain();
        Assert.False(peer.Connection.IsClosed);

        peer.AnswerSyn();
        Assert.True(peer.Connection.IsConnected);
    }

    [Fact]
    public void Unreachable_QuotingAnythingElse_IsIgnored()
    {
        var peer = ScriptedPeer.Unconnected();
        var syn = peer.ConnectHost();
        byte[] wrongNumber = [.. syn.Bytes];
        wrongNumber[16] ^= 1;

        peer.Host.Core.HandleUnreachable(peer.Network.Now, peer.Address, isRefusal: true, wrongNumber);
        peer.Host.Core.HandleUnreachable(peer.Network.Now, peer.Address with { Port = 1 }, isRefusal: true, syn.Bytes);
        peer.Host.Core.HandleUnreachable(peer.Network.Now, peer.Address, isRefusal: true, syn.Bytes.AsSpan(0, 8));
        peer.Host.Drain();
        Assert.False(peer.Connection.IsClosed);

        peer.AnswerSyn();
        peer.Host.Core.HandleUnreachable(peer.Network.Now, peer.Address, isRefusal: true, syn.Bytes);
        peer.Host.Drain();
        Assert.False(peer.Connection.IsClosed);
    }
}
