using System.Globalization;

namespace Utp.Benchmarks.Compare;

internal sealed record CompareOptions
{
    public string? JsonPath { get; init; }

    public int RunCount { get; init; } = 5;

    public int IdleRunCount { get; init; } = 1;

    public double WarmupSeconds { get; init; } = 1.3;

    public double Seconds { get; init; } = 1;

    /// <summary>Longer than the keepalive interval, so that the figures include its cost.</summary>
    public double IdleSeconds { get; init; } = 32;

    /// <summary>Names of the measures to take, or prefixes with an asterisk; empty takes all.</summary>
    public IReadOnlyList<string> Measures { get; init; } = [];

    /// <summary>Names of the subjects; empty takes all.</summary>
    public IReadOnlyList<string> Subjects { get; init; } = [];

    /// <summary>Runs both ends with the server garbage collector.</summary>
    public bool ServerGarbageCollector { get; init; }

    /// <summary>The folder that contains <c>node_modules/utp-native</c>.</summary>
    public string LibutpFolder { get; init; } = "tests/Utp.Interop.Tests/peer";

    /// <exception cref="ArgumentException">An option is unknown, lacks its value or is out of range.</exception>
    public static CompareOptions Parse(string[] args)
    {
        var options = new CompareOptions();
        for (var i = 0; i < args.Length; i++)
        {
            options = args[i] switch
            {
                "--quick" => options with { RunCount = 3, IdleSeconds = 10 },
                "--server-gc" => options with { ServerGarbageCollector = true },
                "--json" => options with { JsonPath = Value(args, ref i) },
                "--runs" => options with { RunCount = Number(args, ref i) },
                "--seconds" => options with { Seconds = Number(args, ref i) },
                "--warmup" => options with { WarmupSeconds = Number(args, ref i) },
                "--measures" => options with { Measures = Value(args, ref i).Split(',') },
                "--subjects" => options with { Subjects = Value(args, ref i).Split(',') },
                "--libutp" => options with { LibutpFolder = Value(args, ref i) },
                _ => throw new ArgumentException($"Unknown option {args[i]}."),
            };
        }

        return options;
    }

    public bool Includes(Measure measure) =>
        Measures.Count == 0 || Measures.Any(name => name.EndsWith('*') ? measure.Name.StartsWith(name[..^1], StringComparison.Ordinal) : measure.Name == name);

    public bool Includes(Subject subject) => Subjects.Count == 0 || Subjects.Contains(subject.Name);

    private static string Value(string[] args, ref int i) => ++i < args.Length ? args[i] : throw new ArgumentException($"Option {args[i - 1]} needs a value.");

    private static int Number(string[] args, ref int i)
    {
        var option = args[i];
        var value = Value(args, ref i);
        return Number(value) is > 0 and <= 1_000 and var number ? number : throw new ArgumentException($"{option} {value} is not a number from 1 to 1000.");
    }

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
