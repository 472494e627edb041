using System.Globalization;

namespace Utp.Benchmarks.Blocking;

internal sealed record BlockingOptions
{
    /// <summary>Number of tasks of the thread pool, each with its own connection.</summary>
    public int TaskCount { get; init; } = 50;

    /// <summary>Number of echoes of each task, one after the other.</summary>
    public int EchoCount { get; init; } = 100;

    public int MessageBytes { get; init; } = 1_000;

    public int RunCount { get; init; } = 5;

    /// <summary>Whether the server's handlers block threads of the pool too. The pool then gets a thread for each side of each connection.</summary>
    public bool ServerBlocks { get; init; }

    /// <exception cref="ArgumentException">An option is unknown, lacks its value or is out of range.</exception>
    public static BlockingOptions Parse(string[] args)
    {
        var options = new BlockingOptions();
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : throw new ArgumentException($"Option {args[i]} needs a value.");
            options = args[i] switch
            {
                "--tasks" => options with { TaskCount = ParseInt(args[i], value, 1_000) },
                "--echoes" => options with { EchoCount = ParseInt(args[i], value, 1 << 20) },
                "--bytes" => options with { MessageBytes = ParseInt(args[i], value, 1 << 24) },
                "--runs" => options with { RunCount = ParseInt(args[i], value, 1_000) },
                "--server" when value is "async" or "blocking" => options with { ServerBlocks = value == "blocking" },
                _ => throw new ArgumentException($"Unknown option {args[i]} {value}."),
            };
        }

        return options;
    }

    private static int ParseInt(string option, string value, int most) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most
            ? number
            : throw new ArgumentException($"{option} {value} is not a number from 1 to {most}.");
}
