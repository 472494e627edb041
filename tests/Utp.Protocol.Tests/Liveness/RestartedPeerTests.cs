using Utp.Protocol.Connections;
using Utp.Protocol.Connections.Closing;
using Utp.Protocol.Connections.Failures;
using Utp.Protocol.Sockets;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Tests.Liveness;

/// <summary>
/// A peer whose process is started again on the same port may come with the id and the number of its first life: libutp in npm utp-native never
/// seeds its random numbers. Nothing that the newcomer sends may be taken for the old peer's, and no answer may mislead it.
/// </summary>
public sealed class RestartedPeerTests
{
    private const ushort Id = 17_767;
    private static readonly SequenceNumber SynNumber = new(9_158);

    [Fact]
    public void EqualSyn_OnceDataHasCome_DrawsNoSynAckAndRenewsNothing()
    {
        var peer = Established(messages: 4, new ConnectionSettings { IdleTimeoutMicros = 10_000_000 });
        var lastHeard = peer.Network.Now + -100_000;

        for (var i = 0; i < 8; i++)
        {
            peer.Network.Run(0.9);
            Assert.Equal(DatagramDisposition.Dropped, Syn(peer, i == 0 ? SynNumber : SynNumber + (100 * i)).Disposition);
        }

        peer.Network.RunWhile(() => !peer.Connection.IsReleased, 20);
        Assert.Equal((UtpCloseReason.IdleTimeout, 10_000_000), (peer.Connection.Core.CloseReason, peer.Connection.ClosedAt - lastHeard));
        Assert.DoesNotContain(peer.Take(), d => d.Type == PacketType.State && d.Header.Acknowledgement == SynNumber);
    }

    /// <summary>libutp's requests leave at 0, 3 and 9 s.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void EqualSyns_SecondsApartAndSilence_EndTheOldConnectionAndLetTheNewcomerIn(int messages)
    {
        var peer = Established(messages);
        var old = peer.Connection;
        peer.Network.Run(0.2);
        Syn(peer, SynNumber);
        peer.Network.Run(3.1);
        Assert.False(old.IsClosed);
        AssertNothingMisleads(peer.Take());

        var start = peer.Network.Now;
        Assert.Equal(DatagramDisposition.Accepted, Syn(peer, SynNumber).Disposition);

        Assert.Equal((UtpCloseReason.PeerReset, CloseEvidence.PeerRestarted, start), (old.Core.CloseReason, old.Core.Evidence, old.ClosedAt));
        var synAck = peer.TakeOne();
        Assert.Equal((PacketType.State, Id, SynNumber), (synAck.Type, synAck.Header.ConnectionId, synAck.Header.Acknowledgement));
        (peer.Next, peer.Received) = (SynNumber + 1, synAck.Header.Sequence - 1);
        peer.Data(91);
        peer.Data(92);
        Assert.Equal(2, peer.Host.Accepted.Count);
        Assert.Equal([91, 92], peer.Host.Accepted[1].Received);
        Assert.Equal(messages, old.ReceivedCount);
    }

    /// <summary>A restart with another number: the id collides by chance, or the random numbers are seeded.</summary>
    [Fact]
    public void SynWithAnotherNumber_SecondsApartAndSilence_LetsTheNewcomerIn()
    {
        var peer = Established(messages: 3);
        var other = SynNumber + 30_000;
        Syn(peer, other);
        peer.Network.Run(3.1);

        Assert.Equal(DatagramDisposition.Accepted, Syn(peer, other).Disposition);

        Assert.Equal(UtpCloseReason.PeerReset, peer.Connection.Core.CloseReason);
        Assert.Equal(1, peer.Host.Core.HalfOpenCount);
    }

    [Fact]
    public void SynsOfAForger_WhileThePeerAnswers_EndNothing()
    {
        var peer = Established(messages: 3);
        for (var i = 0; i < 40; i++)
        {
            Syn(peer, SynNumber);
            peer.Network.Run(0.5);
            if (peer.Take().Any(d => d.Type == PacketType.Data))
            {
                peer.State();
            }
        }

        Assert.False(peer.Connection.IsClosed);
        peer.Data(7);
        Assert.Equal(4, peer.Connection.ReceivedCount);
    }

    /// <summary>What a forger can draw out: three packets of 21 bytes per SYN, and SYNs less than a second apart draw nothing.</summary>
    [Fact]
    public void FloodOfSyns_DrawsFewQuestions()
    {
        var peer = Established(messages: 3, new ConnectionSettings { KeepAliveMicros = 0 });
        for (var i = 0; i < 1_000; i++)
        {
            Syn(peer, SynNumber + i);
            peer.Network.Run(0.001);
        }

        var drawn = peer.Take();
        Assert.InRange(drawn.Count, 1, 4);
        Assert.All(drawn, d => Assert.Equal((PacketType.Data, 1), (d.Type, d.PayloadLength)));
    }

    [Fact]
    public void DelayedDuplicateSyn_BetweenLivingEnds_ChangesNothing()
    {
        var pair = new TestPair();
        var syn = pair.Network.Sent.First(d => d.Type == PacketType.Syn);
        for (var i = 0; i < 10; i++)
        {
            pair.Initiator.Write([(byte)i]);
            pair.Network.Run(3);
            pair.B.Inject(pair.A.Address, syn.Bytes);
        }

        pair.Network.Run(5);
        Assert.Equal((false, false, 10), (pair.Initiator.IsClosed, pair.Acceptor.IsClosed, pair.Acceptor.ReceivedCount));
        Assert.Equal(1, pair.B.Core.ConnectionCount);
    }

    /// <summary>
    /// Where nothing but the confirmation has come, every true acknowledgement would be a SYN-ACK to the newcomer: so none is sent, and without
    /// a question nobody is found dead.
    /// </summary>
    [Fact]
    public void EqualSyns_WhenOnlyTheConfirmationHasCome_MisleadNobodyAndEndNothing()
    {
        var peer = Established(messages: 0);
        peer.Connection.Write([1, 2, 3]);
        peer.Take();
        foreach (var wait in new[] { 3.1, 6.1, 12 })
        {
            Syn(peer, SynNumber);
            peer.Network.Run(wait);
        }

        var sent = peer.Take();
        Assert.NotEmpty(sent);
        AssertNothingMisleads(sent);
        Assert.False(peer.Connection.IsClosed);
    }

    /// <summary>Before the newcomer's SYN is seen, nothing tells that it is there: a keepalive must not acknowledge the number that it uses.</summary>
    [Fact]
    public void KeepAlive_AfterOnePacketFromAnInitiator_DoesNotAcknowledgeItsSyn()
    {
        var peer = Established(messages: 1);
        peer.Take();

        peer.Network.Run(40);

        var keepAlives = peer.Take();
        Assert.NotEmpty(keepAlives);
        AssertNothingMisleads(keepAlives);
    }

    /// <summary>The old peer may live, and the SYN be forged: an acknowledgement that is not the true one must not claim what is missing.</summary>
    [Fact]
    public void State_WhileASuccessorMayWaitAndAGapIsOpen_ClaimsNothing()
    {
        var peer = Established(messages: 3);
        peer.DataAt(peer.Next + 1, 9);
        peer.Take();
        Syn(peer, peer.Next);

        peer.Network.Run(20);

        var states = peer.Take().Where(d => d.Type == PacketType.State).ToList();
        Assert.NotEmpty(states);
        Assert.All(states, d => Assert.True(d.SelectiveAck is null || d.Header.Acknowledgement == peer.Next - 1, d.ToString()));
        Assert.Contains(states, d => d.Header.Acknowledgement != peer.Next - 1);
    }

    /// <summary>The SYN may be a late copy, and the old peer live. It drops what acknowledges too old a number: that must not last for ever.</summary>
    [Fact]
    public void DoubtWithoutAQuestion_EndsWhenNoFurtherSynComes()
    {
        var peer = Established(messages: 0);
        Syn(peer, SynNumber);
        peer.Network.Run(26);
        peer.Take();

        peer.Connection.Write([1, 2, 3]);

        Assert.Equal(SynNumber, peer.TakeOne().Header.Acknowledgement);
    }

    /// <summary>A peer that was not asked, because the own system sends nothing, is not silent.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void EqualSyns_WhileNothingCanBeSent_EndNothing(bool isRefused)
    {
        var peer = Established(messages: 3);
        peer.Host.RefusesToSend = isRefused;
        peer.Host.IsBlocked = !isRefused;
        for (var i = 0; i < 4; i++)
        {
            Syn(peer, SynNumber);
            peer.Network.Run(3.1);
        }

        Assert.False(peer.Connection.IsClosed);

        peer.Host.RefusesToSend = peer.Host.IsBlocked = false;
        peer.Network.Run(3.1);
        Assert.Equal(DatagramDisposition.Accepted, Syn(peer, SynNumber).Disposition);
        Assert.Equal(CloseEvidence.PeerRestarted, peer.Connection.Core.Evidence);
    }

    /// <summary>The ids and the peer's numbers may be those of an earlier connection, whose packets may be late; this side's numbers are not.</summary>
    [Fact]
    public void DataOfAnEarlierConnection_AcknowledgesLessThanTheFirstNumber_AndIsDropped()
    {
        var peer = Established(messages: 2);
        var first = peer.Received + 1;

        peer.Send(peer.Header(PacketType.Data) with { Acknowledgement = first - 20 }, 99);
        peer.Send(peer.Header(PacketType.Data) with { Sequence = peer.Next + 1, Acknowledgement = first - 9_000 }, 99);
        Assert.Equal([1, 2], peer.Connection.Received);

        peer.Data(3);
        peer.Data(4);
        Assert.Equal([1, 2, 3, 4], peer.Connection.Received);
    }

    [Fact]
    public void Abort_WhileASuccessorMayWait_SendsNoReset()
    {
        var peer = Established(messages: 2);
        Syn(peer, SynNumber);
        peer.Take();

        peer.Connection.Abort();

        Assert.DoesNotContain(peer.Take(), d => d.Type == PacketType.Reset);
    }

    private static ScriptedPeer Established(int messages, ConnectionSettings? settings = null)
    {
        var peer = ScriptedPeer.Unconnected();
        peer.Host.Core.AcceptedConnections = settings;
        peer.Next = SynNumber;
        peer.SendSyn(Id);
        peer.Network.Run(ScriptedPeer.RoundTripMicros / 1e6);
        peer.Confirm();
        for (var i = 0; i < messages; i++)
        {
            peer.Data((byte)(i + 1));
        }

        peer.Network.Run(0.1);
        peer.Take();
        return peer;
    }

    private static DatagramResult Syn(ScriptedPeer peer, SequenceNumber number) =>
        peer.Send(peer.Header(PacketType.Syn) with { ConnectionId = Id, Sequence = number, Acknowledgement = default });

    /// <summary>libutp in its SYN_SENT state takes any STATE that acknowledges its SYN or one of the four numbers before; DATA stops its requests.</summary>
    private static void AssertNothingMisleads(IEnumerable<TestDatagram> datagrams) =>
        Assert.All(datagrams, d => Assert.False((d.Header.Acknowledgement - SynNumber) is <= 0 and >= -4, d.ToString()));
}
