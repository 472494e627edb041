using Utp.Protocol.Time;

namespace Utp.Protocol.Rates;

/// <summary>
/// What rate limits make a connection wait for. Sending: a segment with new payload leaves once it has passed every level. Receiving: the connection
/// takes everything that arrives, but the window opens again for these bytes only when they have passed every level. Allocated when a limit first
/// applies to the connection.
/// </summary>
/// <param name="shared">The level above the connection's own; null for none.</param>
/// <param name="unreadBytes">Bytes delivered and not yet consumed.</param>
internal sealed class ConnectionRates(RateLimit? shared, long unreadBytes)
{
    /// <summary>
    /// The receive window of a limited connection is what its rate carries in half a second: enough for any round trip, and little enough that the
    /// burst into a window that was open stays small.
    /// </summary>
    private const int WindowsPerSecond = 2;

    /// <summary>The smallest such window: four packets of the largest Ethernet payload, so that it can open by two while two are on their way.</summary>
    private const int MinWindowBytes = 4 * 1472;

    /// <summary>Received bytes pass in such portions: the smallest part by which the window opens.</summary>
    private const int PortionBytes = MinWindowBytes / 2;

    private RateClaim _sending = new(RateDirection.Send);
    private RateClaim _receiving = new(RateDirection.Receive);
    private RateLimit? _own;

    /// <summary>Bytes delivered and not yet consumed by the application.</summary>
    private long _unreadBytes = unreadBytes;

    /// <summary>Bytes delivered that have not passed every level.</summary>
    private long _unpaidBytes;

    /// <summary>When a claim may pass; <see cref="Instant.Never"/> if none waits.</summary>
    public Instant DueAt => Instant.Min(_sending.DueAt, _receiving.DueAt);

    private RateLimit? First => _own ?? shared;

    /// <summary>Bytes for which the receive window is not open again.</summary>
    private long OccupiedBytes => Math.Max(_unreadBytes, _unpaidBytes);

    public void ClearDue()
    {
        _sending.ClearDue();
        _receiving.ClearDue();
    }

    /// <summary>Gets the rate of the connection's own level; zero for no limit.</summary>
    public long OwnRate(RateDirection direction) => _own?.Of(direction).BytesPerSecond ?? 0;

    public void SetOwnRate(Instant now, RateDirection direction, long bytesPerSecond) =>
        (_own ??= new RateLimit(shared)).Of(direction).SetRate(now, bytesPerSecond);

    /// <summary>A rate has changed: what was granted or claimed at the old one is void.</summary>
    public void Restart()
    {
        _sending = new RateClaim(RateDirection.Send);
        _receiving = new RateClaim(RateDirection.Receive);
    }

    /// <summary>Gets the receive window to aim at.</summary>
    public int WindowBytes(int capacityBytes)
    {
        var rate = First?.LowestRate(RateDirection.Receive) ?? 0;
        return rate == 0 ? capacityBytes : (int)Math.Min(capacityBytes, Math.Max(MinWindowBytes, rate / WindowsPerSecond));
    }

    /// <summary>Whether a segment with this much of the unsent payload may leave now.</summary>
    public bool MaySend(Instant now, int bytes, long unsentBytes) =>
        First is not { } first || first.LowestRate(RateDirection.Send) == 0 || _sending.TryHave(now, first, bytes, unsentBytes);

    public void OnSent(int bytes) => _sending.Use(bytes);

    /// <summary>A segment was sent again. It does not wait, so that limits do not disturb the recovery from losses; later segments wait for it.</summary>
    public void OnSentAgain(Instant now, int bytes) => First?.Charge(now, RateDirection.Send, bytes);

    public void OnReceived(int bytes)
    {
        _unreadBytes += bytes;
        _unpaidBytes += bytes;
    }

    /// <summary>The application consumed bytes. Returns the number of bytes for which the window opens.</summary>
    public long OnConsumed(long bytes)
    {
        var before = OccupiedBytes;
        _unreadBytes = Math.Max(0, _unreadBytes - bytes);
        return before - OccupiedBytes;
    }

    /// <summary>Lets received bytes pass as far as the rates allow. Returns the number of bytes for which the window opens.</summary>
    public long PassReceived(Instant now)
    {
        var before = OccupiedBytes;
        if (First is not { } first || first.LowestRate(RateDirection.Receive) == 0)
        {
            _unpaidBytes = 0;
        }

        while (_unpaidBytes > 0 && _receiving.TryHave(now, First!, (int)Math.Min(_unpaidBytes, PortionBytes), _unpaidBytes))
        {
            var bytes = Math.Min(_unpaidBytes, _receiving.GrantedBytes);
            _receiving.Use(bytes);
            _unpaidBytes -= bytes;
        }

        return before - OccupiedBytes;
    }
}
