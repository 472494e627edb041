using System.Diagnostics;
using Utp.Protocol.Congestion;
using Utp.Protocol.Connections;
using Utp.Protocol.Sockets;
using Utp.Simulation.Network;
using Utp.Simulation.Nodes;
using Utp.Simulation.Scenarios;
using Utp.Transport;
using Xunit.Abstractions;

namespace Utp.Simulation.Tests.Catalogue;

/// <summary>Experiment 15, first part: ten thousand idle connections beside one that works.</summary>
public class Scale(ITestOutputHelper output) : Experiment(output)
{
    private const int IdleCount = 10_000;

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void Connection_BesideTenThousandIdleOnes_IsAsFastAsAlone(ulong seed) => Judge("15 10,000 idle connections", seed, card =>
    {
        var alone = BulkMbit(seed, idleCount: 0, out _, out _);
        var beside = BulkMbit(seed, IdleCount, out var idleCpuShare, out var connections);
        card.AtLeast("connections open", connections, IdleCount + 1);
        card.Between("bulk beside, of bulk alone", beside / alone, 0.98, 1.02);

        // Wall time over virtual time; the build decides it as much as the code.
#if DEBUG
        card.Note("CPU for a second of idling", idleCpuShare);
#else
        card.AtMost("CPU for a second of idling", idleCpuShare, 0.01);
#endif
        card.AtMost("controller, bytes per connection", ControllerBytes(), 2_048);
    });

    private static double BulkMbit(ulong seed, int idleCount, out double idleCpuShare, out int connections)
    {
        var rate = new LinkSettings { Name = "link", BitsPerSecond = 20_000_000, PropagationNanos = Nanos.FromMilliseconds(20), QueueBytes = 500_000 };
        var settings = new ConnectionSettings { CongestionControl = UtpCongestionControl.LedbatPlusPlus };
        using var pair = new HostPair(seed, rate, rate with { Name = "back", BitsPerSecond = 0 }, new SocketSettings { AcceptedConnections = settings });
        pair.Right.AcceptApplication = () => new TransferApplication(pair.Run, new TransferSettings());
        for (var i = 0; i < idleCount; i++)
        {
            pair.Run.At(i * Nanos.PerMillisecond,
                () => pair.Left.Connect(pair.Right.Address, new TransferApplication(pair.Run, new TransferSettings()), settings));
        }

        pair.Run.RunUntil(Nanos.FromSeconds(15));

        // The least disturbed of three: the machine has other work, and stopping for that is no cost of ours.
        idleCpuShare = Enumerable.Range(0, 3).Min(_ =>
        {
            var watch = Stopwatch.StartNew();
            pair.RunFor(10);
            return watch.Elapsed.TotalSeconds / 10;
        });

        var transfer = new TransferSettings { BytesToSend = long.MaxValue, OutgoingSeed = seed };
        pair.Left.Connect(pair.Right.Address, new TransferApplication(pair.Run, transfer), settings);
        pair.RunFor(10);
        var sink = pair.Right.Streams[^1];
        var before = sink.ReceivedBytes;
        pair.RunFor(30);
        connections = pair.Right.Core.ConnectionCount;
        return (sink.ReceivedBytes - before) * 8 / 30.0 / 1e6;
    }

    private static double ControllerBytes()
    {
        const int count = 1_000;
        var settings = new ConnectionSettings { CongestionControl = UtpCongestionControl.LedbatPlusPlus };
        var controllers = new ICongestionController[count];
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < count; i++)
        {
            controllers[i] = CongestionControllers.Create(settings, 1_452);
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)count;
    }
}

/// <summary>Experiment 15, second part: an application that has little to say, and then much.</summary>
public class ApplicationLimited(ITestOutputHelper output) : Experiment(output)
{
    private const double SwitchesAt = 30;

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void LedbatPlusPlus_WhenASlowSourceTurnsFast_DoesNotFloodThePath(ulong seed) => Judge("15 A slow source turns fast", seed, card =>
    {
        using var lab = new Dumbbell(seed, new DumbbellSettings());
        var settings = Bulk(UtpCongestionControl.LedbatPlusPlus);
        settings = settings with { Transfer = settings.Transfer with { WriteBitsPerSecond = 2_000_000 } };
        var (flow, series) = lab.AddUtp(settings, Around(lab, "utp", 0));

        var mostFlight = 0L;
        var window = 0L;
        for (var at = 20.0; at < SwitchesAt; at += 0.005)
        {
            lab.At(at, () => mostFlight = Math.Max(mostFlight, flow.Statistics.FlightBytes));
        }

        lab.At(SwitchesAt, () =>
        {
            window = flow.Statistics.CongestionWindowBytes;
            flow.Source.ChangeRates(writeBitsPerSecond: 0);
        });
        lab.RunUntil(60);

        card.Between("goodput of the slow source, Mbit/s", series.GoodputMbit(10, 30), 1.9, 2.1);
        card.AtMost("window, of 2 x flight + 8 segments", window / ((2.0 * mostFlight) + (8 * Dumbbell.FullPayload)), 1);
        card.AtMost("packets dropped", lab.Forward.Counters.QueueDrops, 0);
        card.AtLeast("utilisation, 40-60 s", series.GoodputMbit(40, 60) / lab.CeilingMbit, 0.88);
    });
}
