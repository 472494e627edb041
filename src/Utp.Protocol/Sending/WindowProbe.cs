using Utp.Protocol.Time;

namespace Utp.Protocol.Sending;

/// <summary>
/// Both sides of a closed window: the probes that ask whether the peer's window has opened, and the repeated announcements that this side's
/// window has. libtorrent neither announces that its window has opened nor probes the window of its peer, so both are needed.
/// </summary>
internal struct WindowProbe
{
    /// <summary>The time before the first probe; it doubles with each probe.</summary>
    private const long FirstProbeMicros = 1_000_000;
    private const long MaxProbeMicros = 15_000_000;

    /// <summary>Number of times the announcement is repeated until data moves. After that, keepalives carry the window.</summary>
    private const int UpdateRepeats = 4;
    private const long FirstUpdateMicros = 1_000_000;

    private byte _probeCount;
    private byte _updatesLeft;

    /// <summary>Whether the next segment is a probe: small, and sent though the peer's window is closed.</summary>
    public bool IsDue { get; private set; }

    /// <summary>Gets when the next probe is due.</summary>
    public Instant Schedule(Instant now)
    {
        var wait = Math.Min(MaxProbeMicros, FirstProbeMicros << Math.Min((int)_probeCount, 10));
        _probeCount += _probeCount < byte.MaxValue ? (byte)1 : (byte)0;
        return now + wait;
    }

    /// <summary>The time for a probe has come.</summary>
    /// <param name="isNeeded">Whether there are bytes to send and none outstanding.</param>
    public void OnDeadline(bool isNeeded) => IsDue = isNeeded;

    public void OnSent() => IsDue = false;

    /// <summary>The peer's window opened, or something was acknowledged: the next wait is the first one again.</summary>
    public void Reset() => _probeCount = 0;

    /// <summary>This side's window opened. Returns when the announcement is repeated.</summary>
    public Instant OnWindowOpened(Instant now) => RepeatUpdate(now, UpdateRepeats);

    /// <summary>The announcement was repeated. Returns when it is repeated next.</summary>
    public Instant OnUpdateRepeated(Instant now) => RepeatUpdate(now, _updatesLeft - 1);

    private Instant RepeatUpdate(Instant now, int times)
    {
        _updatesLeft = (byte)times;
        return times > 0 ? now + (FirstUpdateMicros << (UpdateRepeats - times)) : Instant.Never;
    }
}
