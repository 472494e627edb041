using Utp.Protocol.Receiving;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Sending;

/// <summary>
/// Limits the number of outstanding segments to what the peer is believed to hold behind a gap. Peers drop what is too far ahead: libtorrent 953
/// packets, libutp 1,024, whatever window they announce. A window that 1,024 packets cannot fill suggests a peer that holds more. It is believed until
/// a gap shows otherwise: libutp announces such a window too, if its application asked for a large buffer.
/// </summary>
internal struct PeerReorderLimit()
{
    /// <summary>The limit of this implementation's receiver, less room for what is on its way.</summary>
    public const int Widest = ReorderBuffer.MaxAhead - 1_024;

    /// <summary>Less than libtorrent holds.</summary>
    private const int Cautious = 900;

    /// <summary>The first packet that libutp drops is this much ahead of the gap.</summary>
    private const int LibutpLimit = 1_024;

    /// <summary>1,024 Ethernet packets.</summary>
    private const long WideWindowBytes = LibutpLimit * 1_500;

    /// <summary>Number of consecutive packets, from that one on, that have to be missing: fewer may be chance.</summary>
    private const int TellingCount = 16;

    private FilledGaps? _gaps;
    private bool _isWide;
    private bool _isRefuted;

    public readonly int Limit => _isWide && !_isRefuted ? Widest : Cautious;

    public void OnPeerWindow(long bytes) => _isWide |= bytes > WideWindowBytes;

    /// <summary>
    /// An acknowledgement took the first segment, which had been sent again. Returns true if that shows, for the first time, that the peer holds no
    /// more than libutp: it has everything up to that distance from a gap, and nothing beyond it of what arrived before the gap was filled.
    /// </summary>
    /// <param name="gap">The number of the segment.</param>
    /// <param name="sentAgainAt">When it was sent last.</param>
    /// <param name="segments">What is outstanding now.</param>
    public bool OnGapFilled(SequenceNumber gap, Instant sentAgainAt, in InFlightSegments segments)
    {
        if (!_isWide || _isRefuted)
        {
            return false;
        }

        // Several gaps may have been open at once; the distance counts from the one that was the first at the time.
        _gaps ??= new FilledGaps();
        _gaps.Add(gap, sentAgainAt);
        if (!_gaps.TryFind(segments.First - LibutpLimit, out var filledAt) || !AreMissing(segments, filledAt))
        {
            return false;
        }

        _isRefuted = true;
        _gaps = null;
        return true;
    }

    private static bool AreMissing(in InFlightSegments segments, Instant before)
    {
        if (segments.Count < TellingCount)
        {
            return false;
        }

        for (var i = 0; i < TellingCount; i++)
        {
            ref var segment = ref segments[segments.First + i];
            if (segment.State == SegmentState.Acknowledged || segment.SentAt >= before)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The latest gaps, each with the last time at which it was filled.</summary>
    private sealed class FilledGaps
    {
        private readonly (SequenceNumber Number, Instant FilledAt)[] _ring = new (SequenceNumber, Instant)[32];
        private int _count;

        public void Add(SequenceNumber number, Instant filledAt) => _ring[_count++ % _ring.Length] = (number, filledAt);

        public bool TryFind(SequenceNumber number, out Instant filledAt)
        {
            for (var i = 0; i < Math.Min(_count, _ring.Length); i++)
            {
                if (_ring[i].Number == number)
                {
                    filledAt = _ring[i].FilledAt;
                    return true;
                }
            }

            filledAt = default;
            return false;
        }
    }
}
