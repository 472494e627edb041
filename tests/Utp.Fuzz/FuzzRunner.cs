using System.Globalization;
using Utp.Fuzz.Targets;

namespace Utp.Fuzz;

/// <summary>Runs a target over consecutive seeds, and turns a failure into one line that repeats it.</summary>
internal static class FuzzRunner
{
    private const int LongFactor = 50;

    public static IReadOnlyList<IFuzzTarget> Targets { get; } =
    [
        new DatagramTarget(),
        new ExtensionChainTarget(),
        new ConnectionTarget(isHostile: false),
        new ConnectionTarget(isHostile: true),
        new OrdealTarget(isMerciful: true),
        new OrdealTarget(isMerciful: false),
    ];

    /// <summary>UTP_SEED, or 1.</summary>
    public static ulong FirstSeed =>
        ulong.TryParse(Environment.GetEnvironmentVariable("UTP_SEED"), CultureInfo.InvariantCulture, out var seed) ? seed : 1;

    /// <summary>What a test run does: a few seconds' worth, or fifty times that with UTP_LONG_TESTS=1; exactly one run when UTP_SEED names it.</summary>
    public static int RunsFor(IFuzzTarget target)
    {
        if (Environment.GetEnvironmentVariable("UTP_SEED") is { Length: > 0 })
        {
            return 1;
        }

        return Environment.GetEnvironmentVariable("UTP_LONG_TESTS") == "1" ? target.QuickRuns * LongFactor : target.QuickRuns;
    }

    public static void Run(IFuzzTarget target, ulong firstSeed, long runs)
    {
        for (var seed = firstSeed; seed < firstSeed + (ulong)runs; seed++)
        {
            try
            {
                target.Run(seed);
            }
            catch (Exception exception)
            {
                throw new FuzzFailureException(
                    $"{target.Name} failed with seed {seed}: {exception.Message}\nrepeat it: dotnet run --project tests/Utp.Fuzz -- {target.Name} "
                        + $"--seed {seed} --runs 1",
                    exception);
            }
        }
    }
}
