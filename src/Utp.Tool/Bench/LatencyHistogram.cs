using System.Diagnostics;
using System.Numerics;

namespace Utp.Tool.Bench;

/// <summary>
/// Durations in buckets that are at most 1.6 % wide: 64 for each power of two of nanoseconds. Recording allocates nothing and takes no lock;
/// each stream has its own.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int SubBits = 6;
    private const int SubCount = 1 << SubBits;

    /// <summary>Up to 2^42 ns, more than an hour.</summary>
    private const int BucketCount = (42 - SubBits + 1) * SubCount;

    private readonly long[] _buckets = new long[BucketCount];
    private long _count;
    private long _maxNanos;

    public long Count => _count;

    public void Record(long startedAt) => RecordNanos((long)(Stopwatch.GetElapsedTime(startedAt).TotalNanoseconds));

    public void RecordNanos(long nanos)
    {
        nanos = Math.Max(0, nanos);
        _buckets[IndexOf(nanos)]++;
        _count++;
        _maxNanos = Math.Max(_maxNanos, nanos);
    }

    public void Add(LatencyHistogram other)
    {
        for (var i = 0; i < BucketCount; i++)
        {
            _buckets[i] += other._buckets[i];
        }

        _count += other._count;
        _maxNanos = Math.Max(_maxNanos, other._maxNanos);
    }

    public double MaxMicros => _maxNanos / 1e3;

    /// <summary>The duration that a share of all did not exceed, in microseconds: the upper end of its bucket.</summary>
    public double QuantileMicros(double share)
    {
        var rank = (long)Math.Ceiling(_count * share);
        var seen = 0L;
        for (var i = 0; i < BucketCount; i++)
        {
            seen += _buckets[i];
            if (seen >= rank && seen > 0)
            {
                return Math.Min(UpperNanosOf(i), _maxNanos) / 1e3;
            }
        }

        return 0;
    }

    private static int IndexOf(long nanos)
    {
        var exponent = Math.Max(0, BitOperations.Log2((ulong)nanos) - SubBits);
        return Math.Min(((int)(nanos >> exponent) + (exponent * SubCount)), BucketCount - 1);
    }

    private static long UpperNanosOf(int index)
    {
        var exponent = Math.Max(0, (index / SubCount) - 1);
        return ((index - (exponent * (long)SubCount) + 1) << exponent) - 1;
    }
}
