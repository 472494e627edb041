using Utp.Protocol.Time;

namespace Utp.Protocol.Sending;

/// <summary>
/// A token bucket that spreads a window over the round trip. Its depth makes up for coarse timers: what was missed leaves in one burst.
/// </summary>
internal struct Pacer
{
    /// <summary>The credit that never expires: a burst this small harms no other flow.</summary>
    private const int MinBurstBytes = 16 * 1024;

    /// <summary>The time at the current rate for which credit is kept (16 ms): some timers tick that slowly.</summary>
    private const long BurstMicros = 16_000;

    private double _creditBytes;
    private Instant _refilledAt;

    /// <summary>Spends credit for a datagram and returns true if it may leave now. If not, <paramref name="readyAt"/> is when it may.</summary>
    public bool TrySpend(Instant now, int bytes, long bytesPerSecond, out Instant readyAt)
    {
        readyAt = now;
        if (bytesPerSecond <= 0)
        {
            return true;
        }

        var burst = Math.Max(MinBurstBytes, bytesPerSecond * BurstMicros / 1_000_000.0);
        _creditBytes = Math.Min(burst, _creditBytes + ((now - _refilledAt) * (bytesPerSecond / 1e6)));
        _refilledAt = now;
        if (_creditBytes < bytes)
        {
            readyAt = now + (long)Math.Ceiling((bytes - _creditBytes) * 1e6 / bytesPerSecond);
            return false;
        }

        _creditBytes -= bytes;
        return true;
    }
}
