using Utp.Protocol.Time;

namespace Utp.Protocol.Sending;

/// <summary>A token bucket that spreads a window over the round trip. Its depth pays for coarse timers: what was missed is caught up in one burst.</summary>
internal struct Pacer
{
    /// <summary>Credit that never expires: a small burst costs nobody anything.</summary>
    private const int MinBurstBytes = 16 * 1024;

    /// <summary>Credit for so much time at the current rate: some timers tick every 16 ms.</summary>
    private const long BurstMicros = 16_000;

    private double _creditBytes;
    private Instant _refilledAt;

    /// <summary>Whether a datagram may leave now. If not, <paramref name="readyAt"/> says when.</summary>
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
