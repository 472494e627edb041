using Utp.Protocol.Time;

namespace Utp.Protocol.Rates;

/// <summary>
/// A token bucket that connections share in the order in which they ask. The bucket promises bytes to a connection that asks, and time pays for the
/// promises in their order. So a connection cannot overtake another one, and none starves. Unlike everything else in the core, it is used by several
/// threads: the sockets that share a bucket have one writer each.
/// </summary>
internal sealed class TokenBucket
{
    /// <summary>The time at the current rate for which unused credit is kept (50 ms). It makes up for threads that run late.</summary>
    private const long BurstMicros = 50_000;

    /// <summary>The part of a byte by which a promise may be unpaid, because sums of fractions of a byte are not exact.</summary>
    private const double RoundingBytes = 0.5;

    private readonly Lock _lock = new();
    private long _bytesPerSecond;

    /// <summary>What was earned and not promised. It is negative while promises are unpaid.</summary>
    private double _creditBytes;
    private long _promisedBytes;
    private Instant _refilledAt;
    private int _generation = 1;

    /// <summary>The rate; zero for no limit.</summary>
    public long BytesPerSecond => Volatile.Read(ref _bytesPerSecond);

    public bool IsLimited => BytesPerSecond > 0;

    /// <summary>Changes the rate; zero lifts the limit. Promises at the old rate become void, so that those who wait ask again.</summary>
    public void SetRate(Instant now, long bytesPerSecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytesPerSecond);
        lock (_lock)
        {
            if (bytesPerSecond == _bytesPerSecond)
            {
                return;
            }

            Volatile.Write(ref _bytesPerSecond, bytesPerSecond);
            _creditBytes = 0;
            _promisedBytes = 0;
            _refilledAt = now;
            _generation++;
        }
    }

    /// <summary>Whether <paramref name="bytes"/> may pass now. The first call takes a place in the line, and later ones with the same ticket keep it.</summary>
    /// <param name="now">The time.</param>
    /// <param name="bytes">The number of bytes. More than a burst is allowed, and then takes longer.</param>
    /// <param name="ticket">The place in the line; <c>default</c> for a new one.</param>
    /// <param name="dueAt">When the bytes may pass if the rate does not change; <see cref="Instant.Never"/> if they may now.</param>
    public bool IsDue(Instant now, int bytes, ref RateTicket ticket, out Instant dueAt)
    {
        dueAt = Instant.Never;
        if (!IsLimited)
        {
            return true;
        }

        lock (_lock)
        {
            if (_bytesPerSecond == 0)
            {
                return true;
            }

            Refill(now);
            if (ticket.Generation != _generation)
            {
                Promise(bytes);
                ticket = new RateTicket(_promisedBytes, _generation);
            }

            var paidBytes = _creditBytes + (_promisedBytes - ticket.Position);
            if (paidBytes >= -RoundingBytes)
            {
                return true;
            }

            dueAt = now + (long)Math.Ceiling(-paidBytes * 1e6 / _bytesPerSecond);
            return false;
        }
    }

    /// <summary>Counts bytes that have passed without asking: those that ask later wait for them. Bytes that have a promise do not.</summary>
    public void Charge(Instant now, int bytes)
    {
        if (!IsLimited)
        {
            return;
        }

        lock (_lock)
        {
            Refill(now);
            Promise(bytes);
        }
    }

    private void Promise(int bytes)
    {
        _creditBytes -= bytes;
        _promisedBytes += bytes;
    }

    private void Refill(Instant now)
    {
        // Another thread may have read its clock a little later, and come first.
        if (now <= _refilledAt)
        {
            return;
        }

        var burst = _bytesPerSecond * (BurstMicros / 1e6);
        _creditBytes = Math.Min(burst, _creditBytes + ((now - _refilledAt) * (_bytesPerSecond / 1e6)));
        _refilledAt = now;
    }
}
