using System.Globalization;
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

    /// <summary>The document as it is.</summary>
    public static string Document()
    {
        lock (Gate)
        {
            return File.ReadAllText(PathOf("experiments.md"));
        }
    }

    /// <summary>Replaces what stands between two markers of the document.</summary>
    public static void Replace(string begin, string end, string table)
    {
        lock (Gate)
        {
            var file = PathOf("experiments.md");
            var text = File.ReadAllText(file);
            var from = text.IndexOf(begin, StringComparison.Ordinal);
            var to = text.IndexOf(end, StringComparison.Ordinal);
            if (from < 0 || to < from)
            {
                throw new SimulationException($"{file} has lost its markers '{begin}' and '{end}'; put them back where the table belongs.");
            }

            File.WriteAllText(file, $"{text[..(from + begin.Length)]}\n\n{table}\n{text[to..]}");
        }
    }

    /// <summary>A path below docs.</summary>
    public static string PathOf(string document) => Path.Combine(Repository.Root, "docs", document);

    private static void Write() => Replace(Begin, End, Table());

    private static int LeadingNumber(string text) =>
        int.Parse(string.Concat(text.TakeWhile(char.IsAsciiDigit)), CultureInfo.InvariantCulture);

    private static string Table()
    {
        var table =
            new StringBuilder("| Experiment | Measured | Bar | Result: median (least to greatest) | Seeds passed | Others |\n|---|---|---|---|---|---|\n");
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
                table.Append(CultureInfo.InvariantCulture,
                    $"| {name} | {measurement.What} | {measurement.Bar} | {Scorecard.Format(values[values.Count / 2])}{range} | {verdict} | "
                    + $"{measurement.Anchor} |\n");
                name = "";
            }
        }

        return table.ToString();
    }
}
