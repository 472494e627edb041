using Utp.Protocol.Connections.Opening;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Tests.Handshake;

/// <summary>Two endpoints that dial each other get two connections; they are not merged.</summary>
public sealed class SimultaneousConnectTests
{
    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(3UL)]
    public void BothDial_AtTheSameInstant_BothConnectionsWork(ulong seed)
    {
        var network = new TestNetwork();
        var (a, b) = (network.AddHost(seed), network.AddHost(seed));
        a.Core.IsListening = b.Core.IsListening = true;

        var fromA = a.Connect(b);
        var fromB = b.Connect(a);

        AssertBothWork(network, a, b, fromA, fromB);
    }

    /// <summary>
    /// Every collision of ids that two dials can have: equal, beside each other on either side, and two apart. Whoever notices drops the SYN,
    /// and the retry has another id.
    /// </summary>
    [Fact]
    public void BothDial_WithIdsThatCollide_BothConnectionsWork()
    {
        foreach (var first in new[] { 500, 0xFFFD, 0xFFFE, 0, 1 })
        {
            for (var offset = -3; offset <= 3; offset++)
            {
                var network = new TestNetwork();
                var a = network.AddHost(new ScriptedRandomSource((uint)first, 1_000));
                var b = network.AddHost(new ScriptedRandomSource((ushort)(first + offset), 2_000));
                a.Core.IsListening = b.Core.IsListening = true;

                var fromA = a.Connect(b);
                var fromB = b.Connect(a);

                AssertBothWork(network, a, b, fromA, fromB);
            }
        }
    }

    /// <summary>The second dial comes when the first connection already stands.</summary>
    [Fact]
    public void OtherSideDialsLater_WithEveryIdNearby_BothConnectionsWork()
    {
        for (var offset = -3; offset <= 3; offset++)
        {
            var network = new TestNetwork();
            var a = network.AddHost(new ScriptedRandomSource(500, 1_000, 0));
            var b = network.AddHost(new ScriptedRandomSource(3_000, (ushort)(500 + offset), 2_000));
            a.Core.IsListening = b.Core.IsListening = true;
            var fromA = a.Connect(b);
            network.RunWhile(() => b.Accepted.Count == 0);

            var fromB = b.Connect(a);

            AssertBothWork(network, a, b, fromA, fromB);
        }
    }

    [Fact]
    public void DialToOneself_GivesTwoEndsThatWork()
    {
        var network = new TestNetwork();
        var host = network.AddHost();
        host.Core.IsListening = true;

        var initiator = host.Connect(host);
        network.RunWhile(() => host.Accepted.Count == 0);
        var acceptor = host.Accepted[0];
        initiator.Write(TestPair.Pattern(100_000, 1));
        acceptor.Write(TestPair.Pattern(100_000, 2));
        initiator.Finish();
        acceptor.Finish();

        network.RunWhile(() => host.Core.ConnectionCount > 0);
        Assert.Equal(TestPair.Pattern(100_000, 1), acceptor.Received);
        Assert.Equal(TestPair.Pattern(100_000, 2), initiator.Received);
        Assert.Equal((UtpCloseReason.Graceful, UtpCloseReason.Graceful), (initiator.Core.CloseReason, acceptor.Core.CloseReason));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void DialToOneself_AbortOfOneEnd_EndsTheOther(bool abortInitiator)
    {
        var network = new TestNetwork();
        var host = network.AddHost();
        host.Core.IsListening = true;
        var initiator = host.Connect(host);
        network.RunWhile(() => host.Accepted.Count == 0);
        var (aborts, other) = abortInitiator ? (initiator, host.Accepted[0]) : (host.Accepted[0], initiator);

        aborts.Abort();

        network.RunWhile(() => host.Core.ConnectionCount > 0, 1);
        Assert.Equal((UtpCloseReason.LocalAbort, UtpCloseReason.PeerReset), (aborts.Core.CloseReason, other.Core.CloseReason));
    }

    private static void AssertBothWork(TestNetwork network, TestHost a, TestHost b, TestConnection fromA, TestConnection fromB)
    {
        network.RunWhile(() => !fromA.IsConnected || !fromB.IsConnected || a.Accepted.Count == 0 || b.Accepted.Count == 0, 10);
        var (atA, atB) = (Assert.Single(a.Accepted), Assert.Single(b.Accepted));
        TestConnection[] all = [fromA, fromB, atA, atB];
        for (var i = 0; i < 4; i++)
        {
            all[i].Write(TestPair.Pattern(5_000, i));
            all[i].Finish();
        }

        network.RunWhile(() => a.Core.ConnectionCount + b.Core.ConnectionCount > 0);
        Assert.Equal(TestPair.Pattern(5_000, 0), atB.Received);
        Assert.Equal(TestPair.Pattern(5_000, 1), atA.Received);
        Assert.Equal(TestPair.Pattern(5_000, 2), fromB.Received);
        Assert.Equal(TestPair.Pattern(5_000, 3), fromA.Received);
        Assert.All(all, c => Assert.Equal(UtpCloseReason.Graceful, c.Core.CloseReason));
        Assert.DoesNotContain(network.Sent, d => d.Header.ConnectionId == 0xFFFF && d.Type == PacketType.Syn);
    }
}
