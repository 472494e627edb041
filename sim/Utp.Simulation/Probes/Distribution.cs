namespace Utp.Simulation.Probes;

/// <summary>A set of measured values that gives quantiles.</summary>
internal sealed class Distribution
{
    private readonly double[] _sorted;

    public Distribution(IEnumerable<double> values)
    {
        _sorted = [.. values];
        Array.Sort(_sorted);
    }

    public double Mean => _sorted.Length == 0 ? 0 : _sorted.Average();

    public double P50 => Quantile(0.5);

    public double P95 => Quantile(0.95);

    public double Max => _sorted.Length == 0 ? 0 : _sorted[^1];

    public double Quantile(double fraction) =>
        _sorted.Length == 0 ? 0 : _sorted[Math.Min((int)(fraction * _sorted.Length), _sorted.Length - 1)];

    /// <summary>Computes Jain's fairness index: 1 when all shares are equal, 1/n when one flow has everything.</summary>
    public static double Jain(params ReadOnlySpan<double> shares)
    {
        var sum = 0.0;
        var squares = 0.0;
        foreach (var share in shares)
        {
            sum += share;
            squares += share * share;
        }

        return squares == 0 ? 0 : sum * sum / (shares.Length * squares);
    }
}
