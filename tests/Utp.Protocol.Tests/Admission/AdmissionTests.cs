using Utp.Protocol.Sockets;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Transport;
using static Utp.Protocol.Tests.Harness.ManyPeers;

namespace Utp.Protocol.Tests.Admission;

/// <summary>Who may come in: half-open connections, the backlog, and the table as a whole.</summary>
public sealed class AdmissionTests
{
    private readonly TestNetwork _network = new();

    [Fact]
    public void HalfOpenTable_Full_DropsNewcomersUntilTheOldestMayGo()
    {
        var host = Listen(new SocketSettings { MaxHalfOpen = 10, HalfOpenEvictionMicros = 3_000_000 });
        for (var i = 0; i < 15; i++)
        {
            Syn(host, i);
        }

        Assert.Equal((10, 5), (host.Core.HalfOpenCount, (int)host.Core.Statistics.SynsDroppedHalfOpen));
        Assert.Equal(10, _network.Sent.Count);

        _network.Run(3);
        Syn(host, 20);

        Assert.Equal((10, 1), (host.Core.HalfOpenCount, (int)host.Core.Statistics.HalfOpenExpired));
        Assert.Equal(Peer(20), _network.Sent[^1].To);
    }

    [Fact]
    public void HalfOpen_PerAddress_IsCappedWhateverThePort()
    {
        var host = Listen(new SocketSettings { MaxHalfOpenPerAddress = 4 });
        for (var port = 1; port <= 10; port++)
        {
            ManyPeers.Syn(host, Peer(1) with { Port = (ushort)port });
        }

        Syn(host, 2);

        Assert.Equal((5, 6), (host.Core.HalfOpenCount, (int)host.Core.Statistics.SynsDroppedPerAddress));
    }

    [Fact]
    public void HalfOpen_ConfirmedOnes_MakeRoomForTheSameAddress()
    {
        var host = Listen(new SocketSettings { MaxHalfOpenPerAddress = 1 });
        Syn(host, 1);
        Confirm(host, 1);

        ManyPeers.Syn(host, Peer(1) with { Port = 2 });

        Assert.Equal((1, 2), (host.Core.HalfOpenCount, host.Core.ConnectionCount));
    }

    [Fact]
    public void HalfOpen_Unconfirmed_ExpiresAndNobodyIsTold()
    {
        var host = Listen(new SocketSettings { HalfOpenTimeoutMicros = 5_000_000 });
        Syn(host, 1);
        _network.Run(4.9);
        Assert.Equal(1, host.Core.HalfOpenCount);

        _network.Run(0.2);

        Assert.Equal((0, 0, 1), (host.Core.HalfOpenCount, host.Core.ConnectionCount, (int)host.Core.Statistics.HalfOpenExpired));
        Assert.Equal((0L, 0L), (host.Core.Statistics.ConnectionsOpened, host.Core.Statistics.ConnectionsReleased));
        Assert.Single(_network.Sent);
        Assert.Empty(host.Accepted);
    }

    /// <summary>Not answered, so that the peer asks again; those that were answered before wait (<see cref="FullBacklogTests"/>).</summary>
    [Fact]
    public void Backlog_Full_NewRequestsAreDroppedInSilence()
    {
        var host = Listen(new SocketSettings { AcceptBacklog = 2 });
        host.TakesConnections = false;
        for (var i = 0; i < 3; i++)
        {
            Syn(host, i);
        }

        for (var i = 0; i < 3; i++)
        {
            Confirm(host, i);
        }

        Assert.Equal((2, 1), (host.Accepted.Count, host.Core.HalfOpenCount));
        Assert.Equal(0, host.Core.Statistics.SynsDroppedBacklog);
        Syn(host, 9);
        Assert.Equal(1, host.Core.Statistics.SynsDroppedBacklog);
        Assert.DoesNotContain(_network.Sent, datagram => datagram.To == Peer(9));
    }

    [Fact]
    public void NotListening_SynIsRefused_AndTheInitiatorIsTold()
    {
        var b = _network.AddHost();
        var a = _network.AddHost();

        var connection = a.Connect(b);
        _network.RunWhile(() => !connection.IsReleased, 1);

        Assert.Equal(UtpCloseReason.Refused, connection.Core.CloseReason);
        Assert.Equal((0, 0), (a.Core.ConnectionCount, b.Core.ConnectionCount));
    }

    [Fact]
    public void StopListening_KeepsWhatIsEstablished()
    {
        var pair = new TestPair();

        pair.B.Core.IsListening = false;
        pair.Initiator.Write([1]);
        pair.Network.Run(1);

        Assert.Equal([1], pair.Acceptor.Received);
    }

    [Fact]
    public void ConnectionTable_Full_RefusesToDialAndEvictsOnlyHalfOpenOnes()
    {
        var host = Listen(new SocketSettings { MaxConnections = 3, HalfOpenEvictionMicros = 1_000_000 });
        for (var i = 0; i < 3; i++)
        {
            Syn(host, i);
        }

        Confirm(host, 0);
        Confirm(host, 1);
        Assert.Null(host.Core.Connect(_network.Now, Peer(50)));
        _network.Run(1);

        Syn(host, 4);
        Confirm(host, 4);
        _network.Run(1);
        Syn(host, 5);

        Assert.Equal((3, 0, 3), (host.Core.ConnectionCount, host.Core.HalfOpenCount, host.Accepted.Count));
        Assert.Equal((1L, 1L), (host.Core.Statistics.HalfOpenExpired, host.Core.Statistics.SynsDroppedHalfOpen));
    }

    /// <summary>An initiator that gave up on an attempt says so; the half-open entry goes at once.</summary>
    [Fact]
    public void HalfOpen_AbandonedByItsInitiator_IsForgotten()
    {
        var b = Listen(new SocketSettings());
        var a = _network.AddHost();
        _network.Rule = d => d.Type == PacketType.State && d.From == b.Address && d.SentAt < new Instant(2_900_000) ? TestNetwork.Drop : TestNetwork.Deliver;
        var connection = a.Connect(b);

        _network.RunWhile(() => !connection.IsConnected);
        _network.Run(0.1);

        Assert.True(_network.Sent.Count(d => d.Type == PacketType.Syn) > 1);
        Assert.Equal((0, 1), (b.Core.HalfOpenCount, b.Core.ConnectionCount));
    }

    private TestHost Listen(SocketSettings settings)
    {
        var host = _network.AddHost(1, settings);
        host.Core.IsListening = true;
        return host;
    }

    private static void Syn(TestHost host, int peer) => ManyPeers.Syn(host, Peer(peer));

    private void Confirm(TestHost host, int peer) => ManyPeers.Confirm(_network, host, peer);
}
