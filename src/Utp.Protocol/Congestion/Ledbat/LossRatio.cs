using Utp.Protocol.Time;

namespace Utp.Protocol.Congestion.Ledbat;

/// <summary>
/// The fraction of segments that are lost: the usual one, learned while losses were found random, and the recent one. Random loss does not
/// depend on the rate, so a recent ratio far above the usual one is congestion that no queue shows, as at a policer.
/// </summary>
internal struct LossRatio
{
    /// <summary>Weights per segment. Of 400 segments at 1 %, four are lost, give or take two.</summary>
    private const double RecentWeight = 1.0 / 400;
    private const double UsualWeight = 1.0 / 4_000;

    /// <summary>The recent ratio is too high from this multiple of the usual one on: five standard deviations at 1 %.</summary>
    private const double ExcessFactor = 3;

    /// <summary>At very low ratios, and at very high ones, these bounds apply in its place.</summary>
    private const double MinExcess = 0.02;
    private const double MaxRatio = 0.10;
    private const double MinUsualRatio = 0.001;

    /// <summary>Losses are not judged random again for 5 s, and twice as long after each further time.</summary>
    private const long MinBlockMicros = 5_000_000;
    private const long MaxBlockMicros = 80_000_000;

    private double _recent;
    private double _usual;
    private double _epochSegments;
    private int _epochLosses;
    private long _blockMicros;
    private Instant _blockedUntil;

    /// <summary>Whether more is lost than usual.</summary>
    public readonly bool IsExceeded => _recent >= Math.Min(Math.Max(ExcessFactor * _usual, _usual + MinExcess), MaxRatio);

    public readonly bool IsBlocked(Instant now) => now < _blockedUntil;

    public void Block(Instant now)
    {
        _blockMicros = Math.Clamp(2 * _blockMicros, MinBlockMicros, MaxBlockMicros);
        _blockedUntil = now + _blockMicros;
    }

    public void OnAcknowledged(double segments)
    {
        _epochSegments += segments;
        Count(segments, 0);
    }

    public void OnLost()
    {
        _epochLosses++;
        _epochSegments++;
        Count(1, 1);
    }

    /// <summary>Begins to count afresh, with a loss that has just been counted.</summary>
    public void BeginEpoch()
    {
        _epochLosses = 1;
        _epochSegments = 1;
    }

    /// <summary>Takes the ratio since <see cref="BeginEpoch"/> for the usual one.</summary>
    public void EndEpoch() => _usual = _recent = Math.Clamp(_epochLosses / _epochSegments, MinUsualRatio, MaxRatio / 2);

    private void Count(double segments, double lost)
    {
        if (segments > 0)
        {
            _recent += ((lost / segments) - _recent) * Math.Min(1, segments * RecentWeight);
            _usual += ((lost / segments) - _usual) * Math.Min(1, segments * UsualWeight);
        }
    }
}
