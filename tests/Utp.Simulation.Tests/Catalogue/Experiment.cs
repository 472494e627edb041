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

    /// <summary>The seeds of a mean: ten when the table is written.</summary>
    private static IReadOnlyList<ulong> MeanSeeds { get; } =
        Environment.GetEnvironmentVariable(Snapshot.Variable) == "write" ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] : [.. Seeds.Or(DefaultSeeds)];

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
        Conclude(card);
    }

    /// <summary>
    /// Runs an experiment whose bars apply to the mean of all seeds: what a TCP flow gets under random loss differs by a tenth from seed to seed. A
    /// Debug build has too few seeds for a mean, and only shows it.
    /// </summary>
    internal void JudgeMeans(string number, Func<ulong, double[]> run, params (string What, double Bar, string Anchor)[] figures)
    {
        var card = new Scorecard(number, MeanSeeds[0]);
        var runs = MeanSeeds.AsParallel().AsOrdered().Select(run).ToList();
        for (var i = 0; i < figures.Length; i++)
        {
            var mean = runs.Average(values => values[i]);
#if DEBUG
            card.Note(figures[i].What, mean, figures[i].Anchor);
#else
            card.MeanAtLeast(figures[i].What, mean, figures[i].Bar, figures[i].Anchor);
#endif
        }

        Conclude(card);
    }

    private void Conclude(Scorecard card)
    {
        output.WriteLine(card.ToString());
        Snapshot.Keep(card);
        var failures = card.Failures.ToList();
        Assert.True(
            failures.Count == 0,
            $"Experiment {card.Experiment}, seed {card.Seed}:{Environment.NewLine}{string.Join(Environment.NewLine, failures)}{Environment.NewLine}"
            + $"Replay: {Seeds.Variable}={card.Seed} dotnet test -c Release --filter {GetType().Name}");
    }
}
