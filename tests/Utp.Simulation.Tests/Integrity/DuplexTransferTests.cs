using Utp.Simulation.Network;
using Utp.Simulation.Nodes;
using Utp.Simulation.Scenarios;
using Utp.Transport;
using Xunit.Abstractions;

namespace Utp.Simulation.Tests.Integrity;

/// <summary>Much data both ways at once, on one connection, over a link that does everything wrong.</summary>
public class DuplexTransferTests(ITestOutputHelper output)
{
    private const long Mebibyte = 1024 * 1024;

    /// <summary>Debug builds check all invariants after every step, and have time for less.</summary>
#if DEBUG
    private const long Bytes = 8 * Mebibyte;
#else
    private const long Bytes = 256 * Mebibyte;
#endif

    [Fact]
    public void Connection_OverALossyDuplicatingReorderingLink_DeliversEveryByteBothWays()
    {
        const ulong seed = 1;
        var link = new LinkSettings
        {
            Name = "link",
            PropagationNanos = Nanos.FromMilliseconds(2),
            LossProbability = 0.02,
            DuplicateProbability = 0.01,
            ReorderProbability = 0.02,
            ReorderExtraNanos = Nanos.FromMilliseconds(1),
        };
        Seeds.Report(seed, link, () => Transfer(seed, link));
    }

    private void Transfer(ulong seed, LinkSettings link)
    {
        using var pair = new HostPair(seed, link);
        var left = Application(pair.Run, outgoing: 11, incoming: 22);
        var right = Application(pair.Run, outgoing: 22, incoming: 11);
        pair.Right.AcceptApplication = () => right;
        var end = pair.Left.Connect(pair.Right.Address, left);

        Assert.True(pair.RunUntil(() => end.IsReleased && pair.IsAtRest, limitSeconds: 100_000), Progress());
        output.WriteLine(Progress());
        Assert.Equal(Bytes, left.ReceivedBytes);
        Assert.Equal(Bytes, right.ReceivedBytes);
        Assert.Equal(left.SentHash, right.ReceivedHash);
        Assert.Equal(right.SentHash, left.ReceivedHash);
        Assert.Equal(UtpCloseReason.Graceful, end.CloseReason);
        Assert.Equal(UtpCloseReason.Graceful, right.End!.CloseReason);
        Assert.InRange(pair.There.Counters.Lost / (double)pair.There.Counters.Offered, 0.018, 0.022);

        string Progress() =>
            $"{Nanos.ToSeconds(pair.Run.Now):F1} s of virtual time, {pair.Run.EventCount} events; left received {left.ReceivedBytes}, right "
                + $"{right.ReceivedBytes}; {end.Core.Statistics}";
    }

    private static TransferApplication Application(SimulationRun run, ulong outgoing, ulong incoming) => new(run, new TransferSettings
    {
        BytesToSend = Bytes,
        OutgoingSeed = outgoing,
        IncomingSeed = incoming,
        WhenWritten = WhenWritten.Finish,
        ComputesHashes = true,
    });
}
