using Utp.Protocol.Time;

namespace Utp.Protocol.Sending;

/// <summary>
/// Notices when trains vanish that the system is to cut (UDP segmentation offload): some kernels and virtual network cards drop or mangle them
/// without an error. One socket's connections share a watch, since they share the way out.
/// <para>
/// A round counts when a train was lost, and a datagram that had left alone after it has arrived. The next one needs a train that was sent after
/// that, so however many trains one outage or one full queue swallows, it is one round. A train of which any segment arrives ends the count.
/// </para>
/// <para>
/// Trains that the system refuses, with an error, while it takes their datagrams one by one are counted apart: nothing is lost with them.
/// </para>
/// </summary>
internal sealed class TrainWatch
{
    /// <summary>Rounds in a row when no train has ever arrived.</summary>
    internal const int RoundsIfNoneArrived = 3;

    /// <summary>Rounds in a row when some have: a path may lose bursts without any fault of segmentation.</summary>
    internal const int RoundsIfSomeArrived = 8;

    /// <summary>Trains in a row that the system refuses: a rule may refuse packets at random, whatever their length.</summary>
    internal const int RefusalsInARow = 8;

    /// <summary>Datagrams leave one by one for so long before trains are tried again; twice as long after each failure.</summary>
    internal const long FirstSuspensionMicros = 5 * 60_000_000L;
    private const long MaxSuspensionMicros = 16 * FirstSuspensionMicros;

    private Instant _suspendedUntil;
    private long _nextSuspensionMicros = FirstSuspensionMicros;
    private bool _hasArrived;
    private int _refusedInARow;

    /// <summary>When the newest train left of which something is known to have arrived.</summary>
    private Instant _arrivedSentAt = new(long.MinValue);

    /// <summary>Only a train sent from here on can begin a round.</summary>
    private Instant _roundFrom = new(long.MinValue);

    /// <summary>When the train of this round left; the round waits for a single datagram that left later.</summary>
    private Instant _lostSentAt;
    private bool _awaitsSingle;

    /// <summary>Whether the driver's channel lets the system cut trains.</summary>
    public bool IsSegmenting { get; set; }

    /// <summary>Rounds in a row in which a train was lost and a single datagram arrived.</summary>
    public int LostInARow { get; private set; }

    /// <summary>How often segmentation was given up.</summary>
    public int SuspensionCount { get; private set; }

    /// <summary>How long the latest suspension lasts.</summary>
    public long SuspensionMicros { get; private set; }

    /// <summary>Whether a train may be left to the system to cut.</summary>
    public bool MaySegment(Instant now) => IsSegmenting && now >= _suspendedUntil;

    /// <summary>A segment of a train was acknowledged, and had not been sent again.</summary>
    public void OnTrainArrived(Instant sentAt)
    {
        if (sentAt > _arrivedSentAt)
        {
            _arrivedSentAt = sentAt;
        }

        _hasArrived = true;
        _awaitsSingle = false;
        LostInARow = 0;
        _refusedInARow = 0;
        _nextSuspensionMicros = FirstSuspensionMicros;
    }

    /// <summary>The last segment of a train was taken for lost.</summary>
    public void OnTrainLost(Instant sentAt)
    {
        if (!_awaitsSingle && sentAt > _arrivedSentAt && sentAt >= _roundFrom)
        {
            _awaitsSingle = true;
            _lostSentAt = sentAt;
        }
    }

    /// <summary>A segment was acknowledged that had left alone, at first or again.</summary>
    /// <returns>True when that was enough, and segmentation is given up for a while.</returns>
    public bool OnSingleArrived(Instant now, Instant sentAt)
    {
        if (!_awaitsSingle || sentAt <= _lostSentAt)
        {
            return false;
        }

        _awaitsSingle = false;
        _roundFrom = now;
        if (++LostInARow < (_hasArrived ? RoundsIfSomeArrived : RoundsIfNoneArrived))
        {
            return false;
        }

        Suspend(now);
        return true;
    }

    /// <summary>The system refused a train, and took its datagrams one by one.</summary>
    public void OnTrainRefused(Instant now)
    {
        if (++_refusedInARow >= RefusalsInARow && MaySegment(now))
        {
            Suspend(now);
        }
    }

    private void Suspend(Instant now)
    {
        SuspensionCount++;
        SuspensionMicros = _nextSuspensionMicros;
        _suspendedUntil = now + SuspensionMicros;
        _nextSuspensionMicros = Math.Min(MaxSuspensionMicros, 2 * _nextSuspensionMicros);
        _hasArrived = false;
        LostInARow = 0;
        _refusedInARow = 0;
    }
}
