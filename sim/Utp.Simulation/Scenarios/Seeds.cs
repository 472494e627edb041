using System.Globalization;
using System.Runtime.CompilerServices;

namespace Utp.Simulation.Scenarios;

/// <summary>Seeds of randomised tests. <c>UTP_SEED=N</c> replaces them all by one, to replay a failure; a failure prints its seed and parameters.</summary>
internal static class Seeds
{
    public const string Variable = "UTP_SEED";

    public static IEnumerable<ulong> Or(IEnumerable<ulong> seeds)
    {
        var value = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(value))
        {
            return seeds;
        }

        return ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
            ? [seed]
            : throw new SimulationException($"{Variable}='{value}' is not a whole number. Give the seed that a failed test printed.");
    }

    /// <summary>
    /// Runs a test body; adds the seed, the drawn parameters and the command to replay it to every exception.
    /// </summary>
    public static void Report(ulong seed, object parameters, Action body, [CallerMemberName] string test = "")
    {
        try
        {
            body();
        }
        catch (Exception failure)
        {
            throw new SimulationException(
                $"{test} failed with seed {seed}, parameters {parameters}. Replay: {Variable}={seed} dotnet test --filter {test}. {failure.Message}",
                failure);
        }
    }
}
