using Utp.Protocol.Time;

namespace Utp.Protocol.Congestion;

/// <summary>
/// When LEDBAT++ slows down (section 4.4 of the draft): two round trips after slow start, and then nine times the length of a slowdown after
/// its end, so that it costs a tenth of the time at most. Two observations bring it forward, because a slowdown is what shows others the
/// empty path: somebody takes our share, and somebody else is slowing down while our own base delay has not been confirmed for long.
/// </summary>
internal struct SlowdownSchedule
{
    private const int FirstRoundTrips = 2;
    private const int SpacingFactor = 9;

    /// <summary>Brought forward, slowdowns keep at least this spacing.</summary>
    private const int MinSpacingFactor = 4;

    /// <summary>Where round trips are short, nine times next to nothing is next to nothing: 224 slowdowns in 30 s were seen in the field.</summary>
    private const long MinIntervalMicros = 1_000_000;

    /// <summary>A share that delay has taken, from which on a newcomer is supposed who takes our queue for the path.</summary>
    private const double TakenFraction = 0.125;

    /// <summary>A base delay older than this is to be confirmed together with others.</summary>
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

    /// <summary>Not before the shortest interval from now: it was due, but serves nothing, or something else has just cut the window.</summary>
    public void Postpone(Instant now) => _next = new Instant(Math.Max(_next.Micros, now.Micros + MinIntervalMicros));

    /// <summary>Whatever the window was, from here on it counts as ours.</summary>
    public void RestartFrom(double window) => _undisturbedWindow = window;

    /// <summary>True when delay has taken an eighth of the window since it was last undisturbed: a newcomer should see the empty path now.</summary>
    public bool IsShareTaken(Instant now, double window)
    {
        _undisturbedWindow = Math.Max(_undisturbedWindow, window);
        return window < (1 - TakenFraction) * _undisturbedWindow && MayComeEarly(now);
    }

    /// <summary>
    /// True when a drop of the queue that we have not caused should be joined. With many flows the queue never empties unless they slow down
    /// together, and one whose base delay contains a part of it starves the others for good.
    /// </summary>
    public readonly bool ShouldJoin(Instant now, Instant baseConfirmedAt) => now.Since(baseConfirmedAt) > ConfirmationMicros && MayComeEarly(now);

    private readonly bool MayComeEarly(Instant now) => now.Since(_ended) > MinSpacingFactor * _ended.Since(_begun);
}
