using Utp.Benchmarks.Compare;

namespace Utp.Benchmarks.Report;

internal enum Figure
{
    Value,
    Cpu,
}

/// <summary>The required value of a ratio of two medians, or of the median itself without a denominator.</summary>
/// <param name="Name">The name of the comparison.</param>
/// <param name="Of">Measure, subject and figure of the numerator.</param>
/// <param name="To">Measure, subject and figure of the denominator.</param>
/// <param name="Limit">The required value.</param>
/// <param name="Aim">A better value to aim at; null for none.</param>
/// <param name="IsCeiling">Whether a smaller value is better.</param>
/// <param name="Unit">"x" or "%" for ratios, else the unit of the value.</param>
internal sealed record Bar(
    string Name, (string Measure, string Subject, Figure Figure) Of, (string Measure, string Subject, Figure Figure)? To, double Limit, double? Aim,
        bool IsCeiling = false, string Unit = "x")
{
    private const string Best = "utp-offload";
    private const string Portable = "utp-portable";

    public static IReadOnlyList<Bar> All { get; } =
    [
        Ratio("bulk, offload, to libutp", "bulk-1", Best, "libutp", 3, 6),
        Ratio("bulk, offload, to the bare UDP ceiling", "bulk-1", Best, "udp-offload", 0.25, 0.45) with { Unit = "%" },
        Ratio("bulk, offload, to Kestrel TCP", "bulk-1", Best, "tcp", 0.7, 1),
        Ratio("bulk, portable, to the bare UDP ceiling", "bulk-1", Portable, "udp-portable", 0.75, 0.9) with { Unit = "%" },
        Ratio("bulk, portable, to libutp", "bulk-1", Portable, "libutp", 1, null),
        new("bulk, offload, 16 connections to 1", ("bulk-16", Best, Figure.Value), ("bulk-1", Best, Figure.Value), 1, null),
        new("bulk, offload, stock kernel buffers to 4 MiB", ("bulk-1-stock-buffers", Best, Figure.Value), ("bulk-1", Best, Figure.Value), 0.6, 0.9),
        new("CPU per GiB of bulk, offload, to libutp", ("bulk-1", Best, Figure.Cpu), ("bulk-1", "libutp", Figure.Cpu), 1.0 / 3, null, IsCeiling: true),
        Ratio("echo of 64 B, 64 connections, to Kestrel TCP", "echo-64B", Best, "tcp", 0.7, 1),
        Ratio("ping-pong median time to Kestrel TCP", "ping-pong", Best, "tcp", 1.4, 1) with { IsCeiling = true },
        Ratio("HTTP requests/s, 64 connections, to Kestrel TCP", "http", Best, "tcp", 0.7, 0.95),
        Ratio("connects/s to Kestrel TCP", "connect", Best, "tcp", 1, null),
        new("memory of each of 10,000 idle connections", ("idle-10000", Best, Figure.Value), null, 4_096, 2_048, IsCeiling: true, "bytes"),
        new("memory of each of 50,000 idle connections", ("idle-50000", Best, Figure.Value), null, 4_096, 2_048, IsCeiling: true, "bytes"),
        new("CPU of 50,000 idle connections, of one core", ("idle-50000", Best, Figure.Cpu), null, 0.02, null, IsCeiling: true, "%"),
    ];

    /// <summary>Gets the value; null when the results lack one of the two.</summary>
    public double? ValueIn(CompareResults results) =>
        Median(results, Of) is { } value && (To is { } to ? Median(results, to) : 1) is { } denominator && denominator > 0 ? value / denominator : null;

    public bool Holds(double value) => IsCeiling ? value <= Limit : value >= Limit;

    public bool IsAimReached(double value) => Aim is { } aim && (IsCeiling ? value <= aim : value >= aim);

    private static Bar Ratio(string name, string measure, string subject, string other, double limit, double? aim) =>
        new(name, (measure, subject, Figure.Value), (measure, other, Figure.Value), limit, aim);

    private static double? Median(CompareResults results, (string Measure, string Subject, Figure Figure) term) =>
        results.Find(term.Measure, term.Subject) is { Runs.Count: > 0 } series
            ? Statistic.Of(series.Runs, run => term.Figure == Figure.Cpu ? run.CpuSeconds : run.Value).Median
            : null;
}
