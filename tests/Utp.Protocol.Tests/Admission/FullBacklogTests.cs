using Utp.Protocol.Sockets;
using Utp.Protocol.Tests.Harness;
using static Utp.Protocol.Tests.Harness.ManyPeers;

namespace Utp.Protocol.Tests.Admission;

/// <summary>The application is slow to take connections: those that peers have confirmed meanwhile wait for their turn, and need not ask again.</summary>
public sealed class FullBacklogTests
{
    private readonly TestNetwork _network = new();

    /// <summary>Longer than an initiator repeats its confirmation, so that nothing arrives but what it sends of its own accord, 29 s later.</summary>
    [Fact]
    public void SecondInitiator_WhenTheFirstIsTaken_IsAcceptedWithoutAPacket()
    {
        var (host, _, second) = ConnectTwo();
        _network.Run(10);
        var sentCount = _network.Sent.Count;
        Assert.True(second.IsConnected);
        Assert.Single(host.Accepted);

        Take(host);

        Assert.Equal((2, 0), (host.Accepted.Count, host.Core.HalfOpenCount));
        Assert.Equal(sentCount, _network.Sent.Count);
        host.Accepted[1].Write([1, 2, 3]);
        _network.Run(1);
        Assert.Equal([1, 2, 3], second.Received);
    }

    /// <summary>What came before is neither kept nor acknowledged, so the initiator sends it again.</summary>
    [Fact]
    public void SecondInitiator_DataSentMeanwhile_ArrivesInOrder()
    {
        var (host, _, second) = ConnectTwo();
        second.Write([1, 2, 3]);
        _network.Run(1);
        second.Write([4]);
        _network.Run(4);
        Assert.Equal(0, second.ReleasedCount);

        Take(host);
        Assert.Empty(host.Accepted[1].Received);
        _network.RunWhile(() => host.Accepted[1].ReceivedCount < 4, 10);

        Assert.Equal([1, 2, 3, 4], host.Accepted[1].Received);
    }

    [Fact]
    public void Waiting_AreAcceptedInTheOrderOfTheirConfirmation_OneForEachTaken()
    {
        var host = Listen(new SocketSettings { AcceptBacklog = 1 });
        SynAll(host, 4);
        foreach (var peer in new[] { 3, 1, 0, 2 })
        {
            Confirm(host, peer);
        }

        // Again, from one that waits: it neither loses nor gains a place.
        Confirm(host, 1);

        for (var taken = 1; taken < 4; taken++)
        {
            Assert.Equal(taken, host.Accepted.Count);
            Take(host);
        }

        Assert.Equal([Peer(3), Peer(1), Peer(0), Peer(2)], host.Accepted.Select(connection => connection.Core.Remote));
        Assert.Equal(0, host.Core.HalfOpenCount);
    }

    [Fact]
    public void Waiting_PeerGoesAway_ExpiresLikeAnyHalfOpenOne()
    {
        var host = Listen(new SocketSettings { AcceptBacklog = 1, HalfOpenTimeoutMicros = 5_000_000 });
        SynAll(host, 2);
        Confirm(host, 0);
        Confirm(host, 1);
        _network.Run(4.9);
        Assert.Equal(1, host.Core.HalfOpenCount);

        _network.Run(0.2);
        Take(host);

        Assert.Equal((0, 1, 1), (host.Core.HalfOpenCount, (int)host.Core.Statistics.HalfOpenExpired, host.Accepted.Count));
    }

    [Fact]
    public void Waiting_PeerResets_IsForgotten()
    {
        var (host, _, second) = ConnectTwo();
        _network.Run(1);

        second.Abort();
        _network.Run(1);
        Take(host);

        Assert.Equal((0, 1), (host.Core.HalfOpenCount, host.Accepted.Count));
    }

    /// <summary>Waiting ones still count as half-open, and cannot be pushed out: the application has made room for them first.</summary>
    [Fact]
    public void Waiting_NewRequests_NeitherExceedTheLimitsNorTakeTheirPlaces()
    {
        var host = Listen(new SocketSettings { AcceptBacklog = 1, MaxHalfOpen = 3, MaxHalfOpenPerAddress = 1, HalfOpenEvictionMicros = 0 });
        SynAll(host, 3);
        Confirm(host, 0);
        Confirm(host, 1);
        Confirm(host, 2);

        Syn(host, Peer(7));
        Take(host);
        Syn(host, Peer(8));
        Assert.Equal((1, 2, 2L), (host.Core.HalfOpenCount, host.Accepted.Count, host.Core.Statistics.SynsDroppedBacklog));

        Take(host);
        Take(host);
        Syn(host, Peer(9));
        Syn(host, Peer(9) with { Port = 2 });

        Assert.Equal((1, 3, 1L), (host.Core.HalfOpenCount, host.Accepted.Count, host.Core.Statistics.SynsDroppedPerAddress));
    }

    /// <summary>A flood of requests that nobody confirms does not get one connection into the queue.</summary>
    [Fact]
    public void Unconfirmed_WhenRoomIsMade_StayHalfOpen()
    {
        var host = Listen(new SocketSettings { AcceptBacklog = 1 });
        SynAll(host, 20);
        Confirm(host, 0);

        Take(host);

        Assert.Equal((1, 19), (host.Accepted.Count, host.Core.HalfOpenCount));
    }

    private (TestHost Host, TestConnection First, TestConnection Second) ConnectTwo()
    {
        var host = Listen(new SocketSettings { AcceptBacklog = 1 });
        var peer = _network.AddHost();
        var first = peer.Connect(host);
        var second = peer.Connect(host);
        _network.RunWhile(() => !second.IsConnected || host.Accepted.Count == 0);
        return (host, first, second);
    }

    private TestHost Listen(SocketSettings settings)
    {
        var host = _network.AddHost(1, settings);
        host.Core.IsListening = true;
        host.TakesConnections = false;
        return host;
    }

    private static void Take(TestHost host)
    {
        host.Core.ReleaseBacklog();
        host.Drain();
    }

    private static void SynAll(TestHost host, int count)
    {
        for (var i = 0; i < count; i++)
        {
            Syn(host, Peer(i));
        }
    }

    private void Confirm(TestHost host, int peer) => ManyPeers.Confirm(_network, host, peer);
}
