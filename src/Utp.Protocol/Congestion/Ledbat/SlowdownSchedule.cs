using Utp.Protocol.Time;

namespace Utp.Protocol.Congestion.Ledbat;

/// <summary>
/// Decides when LEDBAT++ slows down (section 4.4 of the draft): two round trips after slow start, and then nine times the length of a slowdown after
/// its end, so that slowdowns cost at most a tenth of the time. Two observations bring a slowdown forward, because it lets other flows see the empty
/// path: another flow takes our share, or another flow slows down while our own base delay has not been confirmed for long. LedbatPlusPlusController
/// decides whether a slowdown is of use, and how long it lasts (FrozenRoundTrips).
/// </summary>
internal struct SlowdownSchedule
{
    private const int FirstRoundTrips = 2;
    private const int SpacingFactor = 9;

    /// <summary>The minimum spacing of slowdowns that are brought forward.</summary>
    private const int MinSpacingFactor = 4;

    /// <summary>The minimum interval. With short round trips nine times a slowdown is still very short: 224 slowdowns in 30 s were seen in the field.</summary>
    private const long MinIntervalMicros = 1_000_000;

    /// <summary>
    /// If queueing delay has shrunk the window by more than this fraction, assume that a new flow has joined and has mistaken our queue for the base
    /// delay.
    /// </summary>
    private const double TakenFraction = 0.125;

    /// <summary>A base delay older than this should be confirmed together with other flows.</summary>
    private const long ConfirmationMicros = 10_000_000;

    private Instant _next;
    private Instant _begun;
    private Instant _ended;
    private double _undisturbedWindow;

    public readonly bool IsDue(Instant now) => now >= _next;

    public void AfterSlowStart(Instant now, long smoothedRoundTripMicros) => _next = now + (FirstRoundTrips * smoothedRoundTripMicros);

    public void Begin(Instant now) => _begun = now;

    public void End(Instant now)
    {
        _ended = now;
        _next = now + Math.Max(SpacingFactor * now.Since(_begun), MinIntervalMicros);
    }

    /// <summary>
    /// Postpones the slowdown to at least the minimum interval from now, because it would be useless, or because something else has just cut the
    /// window.
    /// </summary>
    public void Postpone(Instant now) => _next = new Instant(Math.Max(_next.Micros, now.Micros + MinIntervalMicros));

    /// <summary>Restarts the comparison: from here on this window counts as undisturbed.</summary>
    public void RestartFrom(double window) => _undisturbedWindow = window;

    /// <summary>
    /// Whether delay has shrunk the window by more than an eighth since it was last undisturbed, so that a new flow should see the empty path now.
    /// </summary>
    public bool IsShareTaken(Instant now, double window)
    {
        _undisturbedWindow = Math.Max(_undisturbedWindow, window);
        return window < (1 - TakenFraction) * _undisturbedWindow && MayComeEarly(now);
    }

    /// <summary>
    /// Whether this flow should join a drop of the queue that it has not caused. With many flows the queue never empties unless they slow down
    /// together, and a flow whose base delay includes part of the queue starves the others permanently.
    /// </summary>
    public readonly bool ShouldJoin(Instant now, Instant baseConfirmedAt) => now.Since(baseConfirmedAt) > ConfirmationMicros && MayComeEarly(now);

    private readonly bool MayComeEarly(Instant now) => now.Since(_ended) > MinSpacingFactor * _ended.Since(_begun);
}
