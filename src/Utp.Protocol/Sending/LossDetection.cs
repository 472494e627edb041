using System.Runtime.InteropServices;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Sending;

/// <summary>
/// Infers loss by time, in the manner of RACK (RFC 8985), and remembers which losses one cut of the congestion window answers. A segment is lost
/// when one sent after it has been acknowledged, and a quarter of the smallest round trip has passed beyond the round trip itself. That tolerates
/// reordering, and it notices when a retransmission is lost.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal struct LossDetection(SequenceNumber first)
{
    /// <summary>The smallest reordering tolerance: timers cannot tell shorter times apart.</summary>
    private const long MinToleranceMicros = 1_000;

    /// <summary>
    /// Maximum number of steps of the tolerance. Each spurious retransmission widens it by a step, a quarter of the smallest round trip
    /// (RFC 8985, 7.1).
    /// </summary>
    private const int MaxToleranceSteps = 16;

    // The segment whose transmission is the latest among those acknowledged, and its round trip.
    private Instant _newestSentAt;
    private int _newestRoundTripMicros;
    private SequenceNumber _newestNumber;

    /// <summary>
    /// The last number of which the peer has told whether it holds it. libutp describes 30 packets behind a gap and keeps more: silence about a
    /// packet beyond the mask is no sign of loss.
    /// </summary>
    private SequenceNumber _knownUpTo = first;

    /// <summary>Segments from this number on were sent after the last cut of the congestion window.</summary>
    private SequenceNumber _recoveryPoint;
    private byte _toleranceSteps = 1;

    /// <summary>Whether what was in flight at the last cut of the congestion window is not yet acknowledged.</summary>
    public bool IsInRecovery { get; private set; }

    /// <summary>
    /// Whether everything in flight was marked lost at once, by a timeout. That a part of it had arrived then proves nothing about the cut.
    /// </summary>
    public bool IsAfterTimeout { get; private set; }

    /// <summary>Whether the next retransmission leaves even though the cut window is full.</summary>
    public bool RetransmitsAtOnce { get; private set; }

    /// <summary>An acknowledgement of something new arrived, with or without a mask.</summary>
    /// <param name="packet">The packet that carried it.</param>
    /// <param name="next">The number of the next new segment.</param>
    public void OnKnowledge(in PacketView packet, SequenceNumber next)
    {
        if (packet.HasSelectiveAck)
        {
            _knownUpTo = packet.Header.Acknowledgement + 1 + (packet.SelectiveAck.Length * 8);
        }
        else if (packet.Header.Type == PacketType.State)
        {
            _knownUpTo = next;
        }
        else if (_knownUpTo < packet.Header.Acknowledgement)
        {
            // Only STATEs describe gaps; the absence of a mask on DATA says nothing.
            _knownUpTo = packet.Header.Acknowledgement;
        }
    }

    /// <summary>The latest transmission of a segment was acknowledged.</summary>
    public void OnAcknowledged(SequenceNumber number, Instant sentAt, long roundTripMicros)
    {
        if (sentAt > _newestSentAt || (sentAt == _newestSentAt && number > _newestNumber))
        {
            _newestSentAt = sentAt;
            _newestNumber = number;
            _newestRoundTripMicros = (int)Math.Min(roundTripMicros, int.MaxValue);
        }
    }

    /// <summary>A segment was retransmitted though it had arrived: the tolerance was too small.</summary>
    public void OnSpuriousRetransmission() => _toleranceSteps = (byte)Math.Min(MaxToleranceSteps, _toleranceSteps + 1);

    /// <summary>Judges a segment in flight.</summary>
    /// <param name="now">The current time.</param>
    /// <param name="number">The segment's number.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="roundTrip">The connection's round trip.</param>
    /// <param name="lostAt">When a segment that is <see cref="LossVerdict.Late"/> becomes <see cref="LossVerdict.Lost"/>.</param>
    public readonly LossVerdict Judge(Instant now, SequenceNumber number, in Segment segment, in RoundTripEstimator roundTrip, out Instant lostAt)
    {
        lostAt = Instant.Never;
        if (segment.SentAt > _newestSentAt || (segment.SentAt == _newestSentAt && number >= _newestNumber))
        {
            return LossVerdict.OnItsWay;
        }

        if (number > _knownUpTo)
        {
            return LossVerdict.Unknown;
        }

        lostAt = segment.SentAt + _newestRoundTripMicros + ToleranceMicros(roundTrip);
        return now < lostAt ? LossVerdict.Late : LossVerdict.Lost;
    }

    /// <summary>Whether the last cut of the congestion window answers the loss of this segment too.</summary>
    public readonly bool IsAnswered(SequenceNumber number) => IsInRecovery && number < _recoveryPoint;

    /// <summary>The congestion window is cut: losses of what is outstanding cause no second cut.</summary>
    /// <param name="next">The number of the next new segment.</param>
    public void EnterRecovery(SequenceNumber next)
    {
        ExcuseOutstanding(next);
        RetransmitsAtOnce = true;
    }

    /// <summary>A timeout marked everything in flight lost, and the congestion window is cut.</summary>
    public void OnTimeout(SequenceNumber next)
    {
        EnterRecovery(next);
        IsAfterTimeout = true;
    }

    /// <summary>What is outstanding was refused by the peer and not lost on the way: its loss causes no cut.</summary>
    public void ExcuseOutstanding(SequenceNumber next)
    {
        IsInRecovery = true;
        _recoveryPoint = next;
    }

    /// <summary>Something was acknowledged; <paramref name="first"/> is the oldest number that is not.</summary>
    public void OnProgress(SequenceNumber first)
    {
        if (IsInRecovery && first >= _recoveryPoint)
        {
            IsInRecovery = false;
            IsAfterTimeout = false;
        }
    }

    /// <summary>The losses turned out to be no sign of congestion.</summary>
    public void LeaveRecovery() => IsInRecovery = false;

    public void RequireRetransmission() => RetransmitsAtOnce = true;

    public void OnSegmentSent() => RetransmitsAtOnce = false;

    private readonly long ToleranceMicros(in RoundTripEstimator roundTrip) =>
        Math.Max(MinToleranceMicros, Math.Min(roundTrip.SmoothedMicros, roundTrip.MinMicros / 4 * _toleranceSteps));
}

/// <summary>What is known about a segment in flight.</summary>
internal enum LossVerdict : byte
{
    /// <summary>Nothing that was sent after it has been acknowledged. That holds for all segments that were sent later, too.</summary>
    OnItsWay,

    /// <summary>The peer has not told whether it holds it.</summary>
    Unknown,

    /// <summary>It is missing, but may only have been reordered.</summary>
    Late,

    Lost,
}
