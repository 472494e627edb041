using System.Runtime.InteropServices;
using Utp.Protocol.Time;

namespace Utp.Protocol.Rates;

/// <summary>
/// The bytes that one connection has asked for in one direction, on their way through the levels. A connection has one claim at a time, so
/// connections that share a level take turns.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal struct RateClaim(RateDirection direction)
{
    /// <summary>
    /// The time whose bytes are claimed at once (4 ms), so that a high rate does not need a deadline for each segment.
    /// </summary>
    private const long ClaimMicros = 4_000;

    /// <summary>Maximum number of bytes of a claim: one train. A claim for one segment may be larger.</summary>
    private const int MaxClaimBytes = 64 * 1024;

    private RateLimit? _level;
    private RateTicket _ticket;
    private int _claimedBytes;

    /// <summary>Bytes that have passed every level and were not used.</summary>
    public long GrantedBytes { get; private set; }

    /// <summary>When the claim may pass its present level; <see cref="Instant.Never"/> if none waits.</summary>
    public Instant DueAt { get; private set; } = Instant.Never;

    /// <summary>Whether <paramref name="bytes"/> are granted. If not, they are claimed, and <see cref="DueAt"/> says when to ask again.</summary>
    /// <param name="now">The time.</param>
    /// <param name="first">The first level to pass.</param>
    /// <param name="bytes">The number of bytes that are needed.</param>
    /// <param name="availableBytes">The number of bytes that can be used. No more are claimed: others could use them.</param>
    public bool TryHave(Instant now, RateLimit first, int bytes, long availableBytes)
    {
        while (GrantedBytes < bytes)
        {
            if (_level is null)
            {
                var atOnce = Math.Min(MaxClaimBytes, first.LowestRate(direction) * ClaimMicros / 1_000_000);
                _claimedBytes = (int)Math.Max(bytes - GrantedBytes, Math.Min(atOnce, availableBytes - GrantedBytes));
                (_level, _ticket) = (first, default);
            }

            if (!TryPass(now))
            {
                return false;
            }
        }

        return true;
    }

    public void Use(long bytes) => GrantedBytes = Math.Max(0, GrantedBytes - bytes);

    /// <summary>The deadline has passed; the next <see cref="TryHave"/> sets another one if the claim still waits.</summary>
    public void ClearDue() => DueAt = Instant.Never;

    private bool TryPass(Instant now)
    {
        while (_level is { } level)
        {
            if (!level.Of(direction).IsDue(now, _claimedBytes, ref _ticket, out var dueAt))
            {
                DueAt = dueAt;
                return false;
            }

            (_level, _ticket) = (level.Above, default);
        }

        GrantedBytes += _claimedBytes;
        DueAt = Instant.Never;
        return true;
    }
}
