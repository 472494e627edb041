using System.Diagnostics;
using System.Globalization;
using Utp.Fuzz;

// dotnet run -c Release --project tests/Utp.Fuzz -- [TARGET|all] [--seed N] [--runs N]
var name = args.Length > 0 && !args[0].StartsWith("--", StringComparison.Ordinal) ? args[0] : "all";
var chosen = FuzzRunner.Targets.Where(t => name == "all" || t.Name == name).ToList();
if (chosen.Count == 0)
{
    Console.Error.WriteLine($"There is no target '{name}'. Targets: all, {string.Join(", ", FuzzRunner.Targets.Select(t => t.Name))}.");
    return 2;
}

foreach (var target in chosen)
{
    var seed = (ulong)Option("--seed", 1);
    var runs = Option("--runs", target.QuickRuns * 20L);
    var watch = Stopwatch.StartNew();
    try
    {
        FuzzRunner.Run(target, seed, runs);
        Console.WriteLine(FormattableString.Invariant($"{target.Name}: {runs} runs from seed {seed} in {watch.Elapsed.TotalSeconds:F1} s, no failure"));
    }
    catch (FuzzFailureException failure)
    {
        Console.Error.WriteLine(failure);
        return 1;
    }
}

return 0;

long Option(string option, long otherwise)
{
    var index = Array.IndexOf(args, option);
    if (index < 0)
    {
        return otherwise;
    }

    return index + 1 < args.Length && long.TryParse(args[index + 1], CultureInfo.InvariantCulture, out var value) && value >= 0
        ? value
        : throw new ArgumentException($"{option} needs a number, not '{(index + 1 < args.Length ? args[index + 1] : "")}'.");
}
