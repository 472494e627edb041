namespace Utp.Simulation.Network;

/// <summary>
/// The decisions of CoDel (RFC 8289, section 5), without the queue. Integer arithmetic only: the square root of the control law decides
/// when packets are dropped, and must be the same on every machine.
/// </summary>
internal sealed class CoDel(CoDelSettings settings)
{
    /// <summary>RFC 8289: with at most one full packet waiting, the queue does not cause the delay.</summary>
    private const int MaxPacketBytes = 1_514;

    private long _firstAboveTime;
    private long _dropNext;
    private uint _count;
    private uint _lastCount;

    public bool IsDropping { get; private set; }

    public void OnEmpty()
    {
        _firstAboveTime = 0;
        IsDropping = false;
    }

    /// <summary>Whether the packet just dequeued has waited above the target for longer than the interval.</summary>
    public bool IsAboveTarget(long now, long sojourn, long bytesLeft)
    {
        if (sojourn < settings.TargetNanos || bytesLeft <= MaxPacketBytes)
        {
            _firstAboveTime = 0;
            return false;
        }

        if (_firstAboveTime == 0)
        {
            _firstAboveTime = now + settings.IntervalNanos;
            return false;
        }

        return now >= _firstAboveTime;
    }

    public void StopDropping() => IsDropping = false;

    /// <summary>In the dropping state: whether the next drop is due.</summary>
    public bool IsDropDue(long now) => IsDropping && now >= _dropNext;

    /// <summary>Records that a packet was dropped because a drop was due.</summary>
    public void CountDrop() => _count++;

    public void ScheduleNextDrop() => _dropNext = ControlLaw(_dropNext, _count);

    /// <summary>
    /// Enters the dropping state after the first drop. Shortly after the previous dropping state, the drop rate resumes where it was.
    /// </summary>
    public void StartDropping(long now)
    {
        IsDropping = true;
        var delta = _count - _lastCount;
        _count = delta > 1 && now - _dropNext < 16 * settings.IntervalNanos ? delta : 1;
        _dropNext = ControlLaw(now, _count);
        _lastCount = _count;
    }

    /// <summary>Computes interval / sqrt(count), with sixteen fractional bits in the root.</summary>
    private long ControlLaw(long time, uint count) => time + (long)(((UInt128)(ulong)settings.IntervalNanos << 16) / FixedPoint.SquareRoot((ulong)count << 32));
}
