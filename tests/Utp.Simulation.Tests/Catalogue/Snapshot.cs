using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Utp.Simulation.Tests.Catalogue;

/// <summary>
/// The reviewed table of results, docs/experiments.md. With <c>UTP_EXPERIMENTS=write</c> in the environment a run of the whole catalogue under all seeds writes
/// it anew between its markers; the text around them is written by people.
/// </summary>
internal static class Snapshot
{
    public const string Variable = "UTP_EXPERIMENTS";

    private const string Begin = "<!-- catalogue: begin (generated) -->";
    private const string End = "<!-- catalogue: end -->";

    private static readonly Lock Gate = new();
    private static readonly SortedDictionary<(int Number, string Name), SortedDictionary<ulong, Scorecard>> Cards = [];

    /// <summary>Keeps a result; the table is written anew with each, so that the last one leaves it complete.</summary>
    public static void Keep(Scorecard card)
    {
        lock (Gate)
        {
            var key = (LeadingNumber(card.Experiment), card.Experiment);
            if (!Cards.TryGetValue(key, out var bySeed))
            {
                Cards[key] = bySeed = [];
            }

            bySeed[card.Seed] = card;
            if (Environment.GetEnvironmentVariable(Variable) == "write")
            {
                Write();
            }
        }
    }

    private static void Write([CallerFilePath] string source = "")
    {
        var file = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "../../../docs/experiments.md"));
        var text = File.ReadAllText(file);
        var begin = text.IndexOf(Begin, StringComparison.Ordinal);
        var end = text.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
        {
            throw new SimulationException($"{file} has lost its markers '{Begin}' and '{End}'; put them back where the table belongs.");
        }

        File.WriteAllText(file, $"{text[..(begin + Begin.Length)]}\n\n{Table()}\n{text[end..]}");
    }

    private static int LeadingNumber(string text) =>
        int.Parse(string.Concat(text.TakeWhile(char.IsAsciiDigit)), CultureInfo.InvariantCulture);

    private static string Table()
    {
        var table = new StringBuilder("| Experiment | Measured | Bar | Result: median (least to greatest) | Seeds passed | Others |\n|---|---|---|---|---|---|\n");
        foreach (var ((_, experiment), bySeed) in Cards)
        {
            var name = experiment;
            foreach (var measurement in bySeed.First().Value.Measurements)
            {
                var same = bySeed.Values.Select(card => card.Measurements.First(other => other.What == measurement.What)).ToList();
                var values = same.Select(other => other.Value).Order().ToList();
                var passed = same.Count(other => other.IsPassed);
                var range = values.Count == 1 ? "" : $" ({Scorecard.Format(values[0])} to {Scorecard.Format(values[^1])})";
                var verdict = measurement.Bar.Length == 0 ? "" : passed == same.Count ? $"{passed}/{same.Count}" : $"**{passed}/{same.Count}**";
                table.Append(CultureInfo.InvariantCulture, $"| {name} | {measurement.What} | {measurement.Bar} | {Scorecard.Format(values[values.Count / 2])}{range} | {verdict} | {measurement.Anchor} |\n");
                name = "";
            }
        }

        return table.ToString();
    }
}
