using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Time;
using Utp.Simulation.Randomness;
using Utp.Transport;

namespace Utp.Protocol.Tests.Transfer;

public sealed class ManyConnectionsTests
{
    /// <summary>Hundreds of connections between the same two sockets, all talking at once over a lossy path.</summary>
    [Fact]
    public void ManyConnections_BetweenTwoEndpoints_AreNeverMixedUp()
    {
        const int Count = 300;
        var network = new TestNetwork { ChecksInvariants = false };
        var (a, b) = (network.AddHost(3), network.AddHost(4));
        b.Core.IsListening = true;
        var random = new SeededRandomSource(5);
        network.Rule = _ => random.NextDouble() < 0.02 ? TestNetwork.Drop : TestNetwork.Deliver;
        var dialled = Enumerable.Range(0, Count).Select(_ => a.Connect(b)).ToList();
        for (var i = 0; i < Count; i++)
        {
            dialled[i].Write(TestPair.Pattern(3_000, i));
            dialled[i].Finish();
        }

        var answered = new HashSet<TestConnection>();

        // A half-open entry whose abandonment was lost on the way lasts its full minute.
        network.RunWhile(() =>
        {
            foreach (var accepted in b.Accepted.Where(c => c.PeerFinished && answered.Add(c)))
            {
                accepted.Write(accepted.Received);
                accepted.Finish();
            }

            return a.Core.ConnectionCount + b.Core.ConnectionCount > 0;
        }, atMostSeconds: 62);

        for (var i = 0; i < Count; i++)
        {
            Assert.Equal(TestPair.Pattern(3_000, i), dialled[i].Received);
            Assert.Equal(UtpCloseReason.Graceful, dialled[i].Core.CloseReason);
        }

        Assert.Equal((Count, Count), (answered.Count, (int)b.Core.Statistics.ConnectionsReleased));
        a.Core.CheckInvariants();
        b.Core.CheckInvariants();
    }

    [Fact]
    public void ConnectAndEnd_ManyTimes_LeavesTablesEmpty()
    {
        var network = new TestNetwork();
        var (a, b) = (network.AddHost(3), network.AddHost(4));
        b.Core.IsListening = true;
        for (var i = 0; i < 500; i++)
        {
            var connection = a.Connect(b);
            network.RunWhile(() => b.Accepted.Count <= i);
            if (i % 2 == 0)
            {
                connection.Abort();
            }
            else
            {
                connection.Close();
                b.Accepted[i].Close();
            }
        }

        network.Run(5);
        foreach (var core in new[] { a.Core, b.Core })
        {
            Assert.Equal((0, 0, Instant.Never), (core.ConnectionCount, core.HalfOpenCount, core.NextDeadline));
            Assert.Equal((500, 500), (core.Statistics.ConnectionsOpened, core.Statistics.ConnectionsReleased));
        }
    }
}
