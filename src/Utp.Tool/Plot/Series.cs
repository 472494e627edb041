namespace Utp.Tool.Plot;

/// <summary>Evenly readable lines from however many samples.</summary>
internal static class Series
{
    /// <summary>About as many as a picture has pixels.</summary>
    private const int Columns = 1_000;

    /// <summary>Rates over less than a few samples are noise.</summary>
    private const double MinRateSeconds = 0.1;
    private const int RateColumns = 250;

    /// <summary>Thins a line without losing its peaks: at most the smallest and the largest value of each column, in their order.</summary>
    public static (double[] X, double[] Y) Thin(IReadOnlyList<(double X, double Y)> points)
    {
        if (points.Count <= 2 * Columns)
        {
            return ([.. points.Select(point => point.X)], [.. points.Select(point => point.Y)]);
        }

        var (first, width) = (points[0].X, Math.Max(points[^1].X - points[0].X, 1e-9) / Columns);
        var kept = new List<(double X, double Y)>(2 * Columns);
        foreach (var column in points.GroupBy(point => (int)((point.X - first) / width)))
        {
            var low = column.MinBy(point => point.Y);
            var high = column.MaxBy(point => point.Y);
            kept.Add(low.X <= high.X ? low : high);
            if (low != high)
            {
                kept.Add(low.X <= high.X ? high : low);
            }
        }

        return ([.. kept.Select(point => point.X)], [.. kept.Select(point => point.Y)]);
    }

    /// <summary>The slope of a counter in Mbit/s: from one column's edge to the next, with the counter interpolated between samples.</summary>
    public static (double[] X, double[] Y) Rate(IReadOnlyList<(double X, double Bytes)> counter, double totalSeconds)
    {
        var (start, end) = (counter[0].X, counter[^1].X);
        var width = Math.Max(totalSeconds / RateColumns, MinRateSeconds);
        var x = new List<double>();
        var y = new List<double>();
        var index = 0;
        for (var from = start; from < end; from += width)
        {
            var to = Math.Min(from + width, end);
            if (to - from < width / 2 && x.Count > 0)
            {
                // The rest of a column is too short to tell a rate.
                break;
            }

            x.Add((from + to) / 2);
            y.Add((At(counter, to, ref index) - At(counter, from, ref index)) * 8 / 1e6 / Math.Max(to - from, 1e-9));
        }

        return ([.. x], [.. y]);
    }

    private static double At(IReadOnlyList<(double X, double Bytes)> counter, double x, ref int index)
    {
        while (index > 0 && counter[index].X > x)
        {
            index--;
        }

        while (index < counter.Count - 2 && counter[index + 1].X < x)
        {
            index++;
        }

        var (left, right) = (counter[index], counter[Math.Min(index + 1, counter.Count - 1)]);
        var share = right.X > left.X ? Math.Clamp((x - left.X) / (right.X - left.X), 0, 1) : 1;
        return left.Bytes + ((right.Bytes - left.Bytes) * share);
    }
}
