using Utp.Protocol.Connections;
using Utp.Protocol.Connections.Failures;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Tests.Liveness;

/// <summary>Silence: probed early for the reports of a host whose process has ended, and asked about before anybody is given up.</summary>
public sealed class SilentPeerTests
{
    private static readonly ConnectionSettings FiveSeconds = new() { IdleTimeoutMicros = 5_000_000 };

    [Fact]
    public void Silence_AfterAnExchange_IsProbedAfterOneThreeAndEightSeconds()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Connection.Write([1]);
        peer.AcknowledgeAll();
        var start = peer.Network.Now;

        peer.Network.Run(36);

        var probes = peer.Take();
        Assert.All(probes, d => Assert.Equal(PacketType.State, d.Type));
        Assert.Equal([1.0, 3.0, 8.0], probes.Select(d => Math.Round((d.SentAt - start) / 1e6, 1)));
        peer.Network.Run(1.1);
        Assert.Equal(37, Math.Round((peer.TakeOne().SentAt - start) / 1e6));
    }

    [Fact]
    public void Silence_BetweenTwoEndsOfOurs_CostsThreePacketsEachAndThenKeepAlives()
    {
        var pair = new TestPair();
        pair.Initiator.Write([1]);
        pair.Network.Run(2);
        var before = pair.Network.Sent.Count;

        pair.Network.Run(3_600);

        Assert.InRange(pair.Network.Sent.Count - before, 2 * 3_600 / 29, (2 * 3_600 / 29) + 8);
        Assert.All(pair.Network.Sent.Skip(before), d => Assert.Equal(PacketType.State, d.Type));
    }

    [Fact]
    public void Silence_WithKeepAlivesOff_IsNotProbed()
    {
        var peer = ScriptedPeer.Dialled(new ConnectionSettings { KeepAliveMicros = 0, IdleTimeoutMicros = 0 });
        peer.Connection.Write([1]);
        peer.AcknowledgeAll();

        peer.Network.Run(3_600);

        Assert.Empty(peer.Take());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void QuietPair_WithAShortIdleTimeout_LivesOn(bool keepsAlive)
    {
        var settings = keepsAlive ? FiveSeconds : FiveSeconds with { KeepAliveMicros = 0 };
        var pair = new TestPair(settings);

        pair.Network.Run(600);
        pair.Acceptor.Write([1, 2, 3]);
        pair.Network.Run(1);

        Assert.Equal([1, 2, 3], pair.Initiator.Received);
        Assert.False(pair.Initiator.IsClosed || pair.Acceptor.IsClosed);
    }

    /// <summary>A libutp that has nothing to say sends a keepalive after 29 s, and answers only what it has consumed.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void PeerThatOnlyAnswersConsumedNumbers_IsAskedAndLivesOn(bool weDial)
    {
        var peer = weDial ? ScriptedPeer.Dialled(FiveSeconds) : ScriptedPeer.Dialling(FiveSeconds);
        var asks = 0;
        for (var i = 0; i < 1_000; i++)
        {
            peer.Network.Run(0.1);
            foreach (var ask in peer.Take().Where(d => d.Type == PacketType.Data))
            {
                Assert.Equal((peer.Received, 1), (ask.Header.Sequence, ask.PayloadLength));
                asks++;
                peer.State();
            }
        }

        Assert.False(peer.Connection.IsClosed);
        Assert.InRange(asks, 35, 42);
    }

    [Fact]
    public void PeerThatIsGone_IsAskedFourTimesAndEndsAtTheIdleTimeout()
    {
        var peer = ScriptedPeer.Dialled(new ConnectionSettings { IdleTimeoutMicros = 80_000_000 });
        var start = peer.Network.Now;

        peer.Network.RunWhile(() => !peer.Connection.IsReleased, 81);

        Assert.Equal((UtpCloseReason.IdleTimeout, 80_000_000), (peer.Connection.Core.CloseReason, peer.Connection.ClosedAt - start));
        Assert.Equal([40.0, 50, 60, 70], peer.Take().Where(d => d.Type == PacketType.Data).Select(d => Math.Round((d.SentAt - start) / 1e6, 1)));
    }

    /// <summary>The other side of a request: acknowledged at once, delivered never, whether or not anything was sent before.</summary>
    [Theory]
    [InlineData(true, 0)]
    [InlineData(true, 3)]
    [InlineData(false, 0)]
    [InlineData(false, 3)]
    public void Request_FromAPeer_IsAcknowledgedAtOnceAndNotDelivered(bool weDial, int messages)
    {
        var peer = weDial ? ScriptedPeer.Dialled() : ScriptedPeer.Dialling();
        for (var i = 0; i < messages; i++)
        {
            peer.Data(1);
        }

        peer.Network.Run(0.1);
        peer.Take();

        peer.DataAt(peer.Next - 1, 99);

        var answer = peer.TakeOne();
        Assert.Equal((PacketType.State, peer.Next - 1), (answer.Type, answer.Header.Acknowledgement));
        Assert.Equal(messages, peer.Connection.ReceivedCount);
    }

    /// <summary>Who gives up early is likely to be given up early.</summary>
    [Fact]
    public void KeepAliveInterval_IsAThirdOfAShortIdleTimeout()
    {
        var pair = new TestPair(new ConnectionSettings { IdleTimeoutMicros = 30_000_000 });
        pair.Network.Run(60);
        var before = pair.Network.Sent.Count;

        pair.Network.Run(100);

        var sent = pair.Network.Sent.Skip(before).Where(d => d.From == pair.A.Address).Select(d => d.SentAt).ToList();
        Assert.All(sent.Zip(sent.Skip(1)), p => Assert.Equal(10_000_000, p.Second - p.First));
        Assert.InRange(sent.Count, 9, 11);
    }
}
