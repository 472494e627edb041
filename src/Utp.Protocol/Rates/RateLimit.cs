using Utp.Protocol.Time;

namespace Utp.Protocol.Rates;

/// <summary>
/// The limits of one level in both directions: of a connection, of a client or listener, or of the engine. Bytes pass their own level first, and
/// then those above it.
/// </summary>
internal class RateLimit(RateLimit? above = null)
{
    private readonly TokenBucket _sending = new();
    private readonly TokenBucket _receiving = new();

    /// <summary>The level above; null for the highest one.</summary>
    public RateLimit? Above { get; } = above;

    /// <summary>Whether this level, or one above it, limits either direction.</summary>
    public bool IsLimited => _sending.IsLimited || _receiving.IsLimited || Above is { IsLimited: true };

    public TokenBucket Of(RateDirection direction) => direction == RateDirection.Send ? _sending : _receiving;

    /// <summary>Gets the lowest rate of this level and those above it; zero for no limit.</summary>
    public long LowestRate(RateDirection direction)
    {
        var lowest = long.MaxValue;
        for (var level = this; level is not null; level = level.Above)
        {
            var rate = level.Of(direction).BytesPerSecond;
            lowest = rate > 0 && rate < lowest ? rate : lowest;
        }

        return lowest == long.MaxValue ? 0 : lowest;
    }

    /// <summary>Counts bytes that have passed without asking, at this level and those above it.</summary>
    public void Charge(Instant now, RateDirection direction, int bytes)
    {
        for (var level = this; level is not null; level = level.Above)
        {
            level.Of(direction).Charge(now, bytes);
        }
    }
}
