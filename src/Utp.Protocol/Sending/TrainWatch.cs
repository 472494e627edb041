using Utp.Protocol.Time;

namespace Utp.Protocol.Sending;

/// <summary>
/// Notices when trains that the system is to cut vanish (UDP segmentation offload): some kernels and virtual network cards drop or mangle them
/// without an error. The connections of one socket share a watch, since they share the network card.
/// <para>
/// A round counts when a train was lost, and a datagram that left alone after it has arrived. The next round needs a train that was sent after
/// that: however many trains are lost in one outage or in one full queue, it is one round. A train of which any segment arrives ends the count.
/// </para>
/// <para>
/// Trains that the system refuses with an error, while it takes their datagrams one by one, are counted separately: nothing is lost with them.
/// </para>
/// </summary>
internal sealed class TrainWatch
{
    /// <summary>Number of consecutive rounds that suspend segmentation if no train has ever arrived.</summary>
    internal const int RoundsIfNoneArrived = 3;

    /// <summary>The same if some have arrived: a path may lose bursts for reasons other than segmentation.</summary>
    internal const int RoundsIfSomeArrived = 8;

    /// <summary>Number of consecutive refused trains that suspend segmentation: a rule may refuse packets at random, whatever their length.</summary>
    internal const int RefusalsInARow = 8;

    /// <summary>The time for which datagrams leave one by one before trains are tried again (5 min); it doubles with each failure.</summary>
    internal const long FirstSuspensionMicros = 5 * 60_000_000L;
    private const long MaxSuspensionMicros = 16 * FirstSuspensionMicros;

    private Instant _suspendedUntil;
    private long _nextSuspensionMicros = FirstSuspensionMicros;
    private bool _hasArrived;
    private int _refusedInARow;

    /// <summary>When the newest train of which a segment is known to have arrived left.</summary>
    private Instant _arrivedSentAt = new(long.MinValue);

    /// <summary>Only a train sent at this time or later can begin a round.</summary>
    private Instant _roundFrom = new(long.MinValue);

    /// <summary>When the train of this round left; the round waits for a single datagram that left later.</summary>
    private Instant _lostSentAt;
    private bool _awaitsSingle;

    /// <summary>Whether the driver's channel lets the system cut trains.</summary>
    public bool IsSegmenting { get; set; }

    /// <summary>The number of consecutive rounds in which a train was lost and a single datagram arrived.</summary>
    public int LostInARow { get; private set; }

    /// <summary>The number of times that segmentation was suspended.</summary>
    public int SuspensionCount { get; private set; }

    /// <summary>The length of the latest suspension.</summary>
    public long SuspensionMicros { get; private set; }

    /// <summary>Whether the system may be given a train to cut.</summary>
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

    /// <summary>The last segment of a train was marked lost.</summary>
    public void OnTrainLost(Instant sentAt)
    {
        if (!_awaitsSingle && sentAt > _arrivedSentAt && sentAt >= _roundFrom)
        {
            _awaitsSingle = true;
            _lostSentAt = sentAt;
        }
    }

    /// <summary>A segment was acknowledged that had left alone, at first or again.</summary>
    /// <returns>True if that completes the last round needed: segmentation is suspended.</returns>
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
