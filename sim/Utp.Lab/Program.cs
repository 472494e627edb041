using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Utp.Lab;

internal static class Program
{
    private const string Begin = "<!-- lab: begin (generated) -->";
    private const string End = "<!-- lab: end -->";

    public static int Main(string[] arguments)
    {
        if (arguments is [DelayLine.Verb, ..])
        {
            return DelayLine.Start(arguments[1..]);
        }

        if (arguments.Contains("--list"))
        {
            foreach (var scenario in Scenarios.All)
            {
                Console.WriteLine($"{scenario.Name,-14} {scenario.Title}");
            }

            return 0;
        }

        var only = Option(arguments, "--only")?.Split(',');
        if (only?.FirstOrDefault(name => !Scenarios.All.Any(scenario => scenario.Name == name)) is { } unknown)
        {
            Console.Error.WriteLine($"--only: there is no scenario '{unknown}'. --list names them.");
            return 2;
        }

        var chosen = Scenarios.All.Where(scenario => only?.Contains(scenario.Name) ?? true).ToList();
        var table = Compare(chosen, arguments.Contains("--simulate") ? 0 : int.Parse(Option(arguments, "--repeats") ?? "3", CultureInfo.InvariantCulture));
        Console.WriteLine(table);
        if (arguments.Contains("--write"))
        {
            Write(table);
        }

        return 0;
    }

    private static string Compare(List<Scenario> scenarios, int repeats)
    {
        var table = new StringBuilder("| Experiment | Measured | Simulated | Kernel: median (all runs) | Tolerance | |\n|---|---|---|---|---|---|\n");
        foreach (var scenario in scenarios)
        {
            var simulated = Enumerable.Range(1, 3).Select(seed => SimulatedRun.Measure(scenario, (ulong)seed)).ToList();
            var measured = new List<IReadOnlyList<Figure>>();
            for (var i = 0; i < repeats; i++)
            {
                Console.Error.WriteLine($"{scenario.Name}, run {i + 1} of {repeats}, {scenario.Seconds} s");
                measured.Add(MeasuredRun.Measure(scenario));
            }

            var begin = table.Length;
            for (var row = 0; row < simulated[0].Count; row++)
            {
                Append(table, row == 0 ? scenario.Title : "", simulated.ConvertAll(run => run[row]), measured.ConvertAll(run => run[row]));
            }

            // A run takes an hour: printing each result at once keeps it after an interruption.
            Console.Error.Write(table.ToString(begin, table.Length - begin));
        }

        return table.ToString();
    }

    private static void Append(StringBuilder table, string title, List<Figure> simulated, List<Figure> measured)
    {
        var model = Median(simulated);
        table.Append(CultureInfo.InvariantCulture, $"| {title} | {simulated[0].What} | {Text(model)} | ");
        if (measured.Count > 0)
        {
            var kernel = Median(measured);
            var isWithin = Math.Abs(kernel - model) <= simulated[0].Tolerance;
            table.Append(CultureInfo.InvariantCulture, $"{Text(kernel)} ({string.Join(", ", measured.Select(figure => Text(figure.Value)))}) | ");
            table.Append(CultureInfo.InvariantCulture, $"{Text(simulated[0].Tolerance)} | {(isWithin ? "agrees" : "**differs**")} |\n");
        }
        else
        {
            table.Append(CultureInfo.InvariantCulture, $"| {Text(simulated[0].Tolerance)} | |\n");
        }
    }

    private static double Median(List<Figure> figures) => figures.Select(figure => figure.Value).Order().ElementAt(figures.Count / 2);

    private static string Text(double value) => value.ToString(Math.Abs(value) < 10 ? "0.000" : "0.0", CultureInfo.InvariantCulture);

    private static string? Option(string[] arguments, string name)
    {
        var index = Array.IndexOf(arguments, name);
        return index >= 0 && index + 1 < arguments.Length ? arguments[index + 1] : null;
    }

    private static void Write(string table, [CallerFilePath] string source = "")
    {
        var file = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "../../docs/experiments.md"));
        var text = File.ReadAllText(file);
        var (begin, end) = (text.IndexOf(Begin, StringComparison.Ordinal), text.IndexOf(End, StringComparison.Ordinal));
        if (begin < 0 || end < begin)
        {
            throw new InvalidOperationException($"{file} has lost its markers '{Begin}' and '{End}'; put them back where the table belongs.");
        }

        File.WriteAllText(file, $"{text[..(begin + Begin.Length)]}\n\n{table}\n{text[end..]}");
    }
}
