using Utp.Protocol.Rates;
using Utp.Protocol.Time;

namespace Utp.Protocol.Tests.Rates;

public sealed class TokenBucketTests
{
    private static readonly Instant Start = new(1_000_000);

    [Fact]
    public void WithoutARate_EverythingPasses()
    {
        var bucket = new TokenBucket();
        RateTicket ticket = default;

        Assert.True(bucket.IsDue(Start, int.MaxValue, ref ticket, out var dueAt));
        Assert.True(dueAt.IsNever);
    }

    [Fact]
    public void Claims_PassInTheOrderInWhichTheyWereMade()
    {
        var bucket = Limited(1_000);
        RateTicket first = default, second = default, third = default;

        Assert.False(bucket.IsDue(Start, 1_000, ref first, out var firstDue));
        Assert.False(bucket.IsDue(Start, 500, ref second, out var secondDue));
        Assert.False(bucket.IsDue(Start, 1, ref third, out var thirdDue));

        Assert.Equal(Start + 1_000_000, firstDue);
        Assert.Equal(Start + 1_500_000, secondDue);
        Assert.Equal(Start + 1_501_000, thirdDue);
        Assert.False(bucket.IsDue(Start + 999_000, 1, ref third, out _), "a small claim overtook a large one");
        Assert.True(bucket.IsDue(firstDue, 1_000, ref first, out _));
        Assert.False(bucket.IsDue(firstDue, 500, ref second, out _));
        Assert.True(bucket.IsDue(secondDue, 500, ref second, out _));
        Assert.True(bucket.IsDue(thirdDue, 1, ref third, out _));
    }

    /// <summary>A second's bytes, claimed after an hour of idleness: what 50 ms earn passes at once, and no more.</summary>
    [Fact]
    public void UnusedCredit_IsKeptForFiftyMilliseconds()
    {
        var bucket = Limited(1_000_000);
        RateTicket ticket = default;
        var now = Start + 3_600_000_000;

        Assert.False(bucket.IsDue(now, 1_000_000, ref ticket, out var dueAt));

        Assert.Equal(now + 950_000, dueAt);
    }

    [Fact]
    public void Charge_DelaysLaterClaimsOnly()
    {
        var bucket = Limited(1_000);
        RateTicket before = default, after = default;
        bucket.IsDue(Start, 1_000, ref before, out var due);

        bucket.Charge(Start, 2_000);

        bucket.IsDue(Start, 1_000, ref after, out var dueAfter);
        Assert.True(bucket.IsDue(due, 1_000, ref before, out _));
        Assert.Equal(Start + 4_000_000, dueAfter);
    }

    [Fact]
    public void SetRate_VoidsClaims_WhichAreMadeAnewAtTheNewRate()
    {
        var bucket = Limited(1_000);
        RateTicket ticket = default;
        bucket.IsDue(Start, 100_000, ref ticket, out _);

        bucket.SetRate(Start, 100_000);

        Assert.False(bucket.IsDue(Start, 100_000, ref ticket, out var dueAt));
        Assert.Equal(Start + 1_000_000, dueAt);
        bucket.SetRate(Start, 0);
        Assert.True(bucket.IsDue(Start, 100_000, ref ticket, out _));
    }

    /// <summary>Another thread read its clock a little earlier, and comes later.</summary>
    [Fact]
    public void ClockOfAnotherThread_MayBeBehind()
    {
        var bucket = Limited(1_000_000);
        RateTicket late = default, early = default;

        bucket.IsDue(Start + 50_000, 50_000, ref late, out var lateDue);
        bucket.IsDue(Start + 40_000, 1_000, ref early, out _);

        Assert.True(lateDue.IsNever, "50 ms earn 50,000 bytes");
        Assert.False(bucket.IsDue(Start + 50_999, 1_000, ref early, out _));
        Assert.True(bucket.IsDue(Start + 51_000, 1_000, ref early, out _));
    }

    /// <summary>Shards share a bucket: each claim has a place of its own, and the last one is paid when all are.</summary>
    [Fact]
    public void ManyThreads_EachClaimIsPaidOnce()
    {
        const int Count = 10_000;
        var bucket = Limited(1_000_000);
        var positions = new long[Count];
        var latest = 0L;

        Parallel.For(0, Count, i =>
        {
            RateTicket ticket = default;
            bucket.IsDue(Start, 100, ref ticket, out var dueAt);
            positions[i] = ticket.Position;
            InterlockedMax(ref latest, dueAt.Micros);
        });

        Assert.Equal(Enumerable.Range(1, Count).Select(i => i * 100L), positions.Order());
        Assert.Equal(Start + 1_000_000, new Instant(latest));
    }

    private static void InterlockedMax(ref long target, long value)
    {
        for (var seen = Volatile.Read(ref target); value > seen; seen = Volatile.Read(ref target))
        {
            Interlocked.CompareExchange(ref target, value, seen);
        }
    }

    private static TokenBucket Limited(long bytesPerSecond)
    {
        var bucket = new TokenBucket();
        bucket.SetRate(Start, bytesPerSecond);
        return bucket;
    }
}
