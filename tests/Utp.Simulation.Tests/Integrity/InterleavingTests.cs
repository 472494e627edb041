using Utp.Protocol.Sockets;
using Utp.Simulation.Network;
using Utp.Simulation.Nodes;
using Utp.Simulation.Randomness;
using Utp.Simulation.Scenarios;
using Utp.Transport;

namespace Utp.Simulation.Tests.Integrity;

/// <summary>
/// Many small worlds: every drawn impairment against every drawn way to leave. What arrives is a prefix of what was sent, all of it if nobody
/// cut it short; and in the end neither side remembers anything.
/// </summary>
public class InterleavingTests
{
#if DEBUG
    private const int SeedsPerGroup = 250;
#else
    private const int SeedsPerGroup = 2_000;
#endif

    private const double LimitSeconds = 3_600;

    public static TheoryData<ulong> Groups => [.. Seeds.Or([1, 2, 3, 4])];

    [Theory]
    [MemberData(nameof(Groups))]
    public void Connections_HoweverTheyEnd_DeliverAPrefixAndLeaveNothingBehind(ulong group)
    {
        // A replayed seed is a world, not a group of them.
        var isReplay = Environment.GetEnvironmentVariable(Seeds.Variable) is { Length: > 0 };
        var first = isReplay ? group : group * 1_000_000;
        for (var seed = first; seed < first + (isReplay ? 1UL : SeedsPerGroup); seed++)
        {
            using var pair = World(seed, out var world);
            Seeds.Report(seed, world, () => Play(pair, world));
        }
    }

    private static HostPair World(ulong seed, out Interleaving world)
    {
        world = Interleaving.Draw(new SeededRandomSource(seed));
        var pair = new HostPair(seed, world.Link, new SocketSettings { AcceptedConnections = world.Connection });
        foreach (var node in new[] { pair.Left, pair.Right })
        {
            (node.SendBlockBytes, node.ReleaseBytes) = (world.SendBlockBytes, world.ReleaseBytes);
        }

        return pair;
    }

    private static void Play(HostPair pair, Interleaving world)
    {
        var left = new List<TransferApplication>();
        var right = new List<TransferApplication>();
        for (var i = 0; i < world.Left.Length; i++)
        {
            left.Add(Application(pair.Run, world.Left[i], outgoing: 1, incoming: 2));
            right.Add(Application(pair.Run, world.Right[i], outgoing: 2, incoming: 1));
        }

        var accepted = 0;
        pair.Right.AcceptApplication = () => right[accepted++];
        var ends = left.ConvertAll(application => pair.Left.Connect(pair.Right.Address, application, world.Connection));
        if (world.IsPathDying)
        {
            pair.Run.At(world.PathDiesAt, () => pair.There.LossProbability = pair.Back.LossProbability = 1);
        }

        for (var i = 0; i < world.Left.Length; i++)
        {
            ScheduleDeparture(pair.Run, world.Left[i], left[i], ends[i]);
            ScheduleDeparture(pair.Run, world.Right[i], right[i], null);
        }

        var isOver = pair.RunUntil(() => pair.IsAtRest && ends.TrueForAll(end => end.IsReleased), LimitSeconds);
        var story = $"at {Nanos.ToSeconds(pair.Run.Now):F3} s: left {Describe(ends)}; right {Describe(pair.Right.Streams)}";
        Assert.True(isOver, $"still connections after an hour, {story}");
        Assert.True(pair.Right.Streams.TrueForAll(end => end.IsClosed && end.IsReleased), story);

        RequireIntactDelivery(world, left, right, story);
        RequireSilence(pair);
    }

    private static TransferApplication Application(SimulationRun run, EndPlan plan, ulong outgoing, ulong incoming) => new(run, new TransferSettings
    {
        BytesToSend = plan.Bytes,
        OutgoingSeed = outgoing,
        IncomingSeed = incoming,
        SendBufferBytes = 100_000,
        ReadBitsPerSecond = plan.ReadBitsPerSecond,
        WhenWritten = plan.Departure switch
        {
            Departure.FinishWhenWritten => WhenWritten.Finish,
            Departure.CloseWhenWritten => WhenWritten.Close,
            _ => WhenWritten.StayOpen,
        },
    });

    private static void ScheduleDeparture(SimulationRun run, EndPlan plan, TransferApplication application, StreamEnd? initiator)
    {
        if (plan.Departure is Departure.CloseAtTime or Departure.AbortAtTime)
        {
            run.At(plan.DepartsAt, Depart);
        }

        void Depart()
        {
            // An acceptor that does not know of its connection yet leaves as soon as it does; it may never hear of it.
            if ((initiator ?? application.End) is not { } end)
            {
                if (run.Now < Nanos.FromSeconds(LimitSeconds / 2))
                {
                    run.At(run.Now + Nanos.PerSecond, Depart);
                }
            }
            else if (plan.Departure == Departure.CloseAtTime)
            {
                end.Act(e => e.Close());
            }
            else
            {
                end.Act(e => e.Abort());
            }
        }
    }

    private static void RequireIntactDelivery(Interleaving world, List<TransferApplication> left, List<TransferApplication> right, string story)
    {
        if (world.IsPathDying)
        {
            return;
        }

        for (var i = 0; i < left.Count; i++)
        {
            // An acceptor's application is matched to an initiator's by order of arrival, which impairments can change; then sizes differ.
            if (world.Left.Length == 1)
            {
                RequireAll(world.Left[i], world.Right[i], right[i], story);
                RequireAll(world.Right[i], world.Left[i], left[i], story);
            }
        }
    }

    private static void RequireAll(EndPlan sender, EndPlan receiver, TransferApplication received, string story)
    {
        var isSentToTheEnd = sender.Departure is Departure.FinishWhenWritten or Departure.CloseWhenWritten;
        if (isSentToTheEnd && receiver.Departure == Departure.FinishWhenWritten)
        {
            Assert.True(received.End is not null, $"never connected, {story}");
            Assert.True(received.ReceivedBytes == sender.Bytes && received.End.IsPeerFinished, $"received {received.ReceivedBytes} of {sender.Bytes}, {story}");

            // A peer that closes does not want what is still on its way to it, and may say so with a RESET.
            Assert.True(sender.Departure == Departure.CloseWhenWritten || received.End.CloseReason == UtpCloseReason.Graceful,
                $"an orderly close ended as {received.End.CloseReason}, {story}");
        }
    }

    private static void RequireSilence(HostPair pair)
    {
        Assert.Equal(pair.Left.Core.Statistics.ConnectionsOpened, pair.Left.Core.Statistics.ConnectionsReleased);
        Assert.Equal(pair.Right.Core.Statistics.ConnectionsOpened, pair.Right.Core.Statistics.ConnectionsReleased);
        pair.RunFor(LimitSeconds);
        Assert.Equal(0, pair.Run.PendingCount);
        Assert.True(pair.IsAtRest);
        pair.Left.Core.CheckInvariants();
        pair.Right.Core.CheckInvariants();
    }

    private static string Describe(IEnumerable<StreamEnd> ends) =>
        string.Join("; ", ends.Select(
            end => $"{end.Core.State} {end.CloseReason}, finished {end.IsFinished}, peer finished {end.IsPeerFinished}, wrote {end.WrittenBytes} got "
            + $"{end.ReceivedBytes} {end.Core.Statistics}"));
}
