using Utp.Protocol.Connections;
using Utp.Simulation.Scenarios;
using Utp.Transport;
using Xunit.Abstractions;

namespace Utp.Simulation.Tests.Catalogue;

/// <summary>
/// One experiment of the catalogue: a scenario, measured under every seed, with bars that every seed must pass. In Release builds five seeds,
/// in Debug builds one. Each experiment is a class of its own, so that they run side by side.
/// </summary>
[Trait("Category", "Catalogue")]
public abstract class Experiment(ITestOutputHelper output)
{
    /// <summary>Bytes that fast paths keep in flight; 16 times what the tests of correctness use.</summary>
    internal const int WideBufferBytes = 64 * 1024 * 1024;

#if DEBUG
    private static readonly ulong[] DefaultSeeds = [1];
#else
    private static readonly ulong[] DefaultSeeds = [1, 2, 3, 4, 5];
#endif

    /// <summary>What the experiments run under; <c>UTP_SEED</c> replaces it.</summary>
    public static TheoryData<ulong> AllSeeds => [.. Seeds.Or(DefaultSeeds)];

    internal static IReadOnlyList<ulong> SnapshotSeeds { get; } = [1, 2, 3, 4, 5];

    /// <summary>A flow of a given controller with buffers that do not limit it.</summary>
    internal static UtpFlowSettings Bulk(UtpCongestionControl algorithm, int bufferBytes = 4 * 1024 * 1024) => new()
    {
        Connection = new ConnectionSettings { CongestionControl = algorithm, ReceiveBufferBytes = bufferBytes, MaxFlightBytes = bufferBytes },
        Transfer = new() { BytesToSend = long.MaxValue, SendBufferBytes = bufferBytes },
    };

    /// <summary>
    /// A start that differs from seed to seed by up to a tenth of a second: without loss nothing else does, and no result may depend on how the
    /// flows happen to be aligned.
    /// </summary>
    internal static double Around(Dumbbell lab, string flow, double seconds) => seconds + (lab.Run.Stream(flow + "/start").NextDouble() * 0.1);

    /// <summary>Runs the experiment, keeps what it measured for the table, and fails if a bar was missed.</summary>
    internal void Judge(string number, ulong seed, Action<Scorecard> measure)
    {
        var card = new Scorecard(number, seed);
        Seeds.Report(seed, number, () => measure(card), GetType().Name);
        output.WriteLine(card.ToString());
        Snapshot.Keep(card);
        var failures = card.Failures.ToList();
        Assert.True(
            failures.Count == 0,
            $"Experiment {number}, seed {seed}:{Environment.NewLine}{string.Join(Environment.NewLine, failures)}{Environment.NewLine}"
            + $"Replay: {Seeds.Variable}={seed} dotnet test -c Release --filter {GetType().Name}");
    }
}
