using System.Globalization;

namespace Utp.Simulation.Tests.Catalogue;

/// <summary>What one run of an experiment measured, against the bars of the catalogue.</summary>
internal sealed class Scorecard(string experiment, ulong seed)
{
    private readonly List<Measurement> _measurements = [];

    public string Experiment { get; } = experiment;

    public ulong Seed { get; } = seed;

    public IReadOnlyList<Measurement> Measurements => _measurements;

    public IEnumerable<Measurement> Failures => _measurements.Where(measurement => !measurement.IsPassed);

    /// <param name="what">What is measured, and over which seconds.</param>
    /// <param name="value">What came out.</param>
    /// <param name="bar">The least that passes.</param>
    /// <param name="anchor">Figures of others for the same, where there are any.</param>
    public void AtLeast(string what, double value, double bar, string anchor = "") =>
        Add(what, value, $"at least {Format(bar)}", value >= bar, anchor);

    /// <summary>A figure that is the mean of several seeds.</summary>
    public void MeanAtLeast(string what, double value, double bar, string anchor = "") =>
        Add(what, value, $"mean at least {Format(bar)}", value >= bar, anchor);

    public void AtMost(string what, double value, double bar, string anchor = "") =>
        Add(what, value, $"at most {Format(bar)}", value <= bar, anchor);

    public void Between(string what, double value, double least, double most, string anchor = "") =>
        Add(what, value, $"{Format(least)} to {Format(most)}", value >= least && value <= most, anchor);

    /// <summary>A figure that nothing depends on, for the reader.</summary>
    public void Note(string what, double value, string anchor = "") => Add(what, value, "", isPassed: true, anchor);

    public override string ToString() => string.Join(Environment.NewLine, _measurements);

    internal static string Format(double value) => Math.Abs(value) switch
    {
        0 => "0",
        < 0.01 => value.ToString("0.0000", CultureInfo.InvariantCulture),
        < 10 => value.ToString("0.000", CultureInfo.InvariantCulture),
        < 100 => value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.ToString("0", CultureInfo.InvariantCulture),
    };

    private void Add(string what, double value, string bar, bool isPassed, string anchor) =>
        _measurements.Add(new Measurement(what, value, bar, isPassed, anchor));
}

/// <summary>One measured figure.</summary>
internal sealed record Measurement(string What, double Value, string Bar, bool IsPassed, string Anchor)
{
    public override string ToString() => $"{(IsPassed ? "    " : "MISS")} {What}: {Scorecard.Format(Value)} ({Bar})";
}
