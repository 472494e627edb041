using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Connections;

// The round trip by timestamps. A packet carries the peer's measurement of the way there and starts ours of the way back. Each contains the offset
// between the two clocks; their sum does not. So the sum is a round trip even where Karn's rule permits none: before the first acknowledgement on
// the side that accepts, and when a retransmission is acknowledged. It contains neither side's delay in answering.
internal sealed partial class ConnectionCore
{
    /// <summary>Gets the round trip that a packet tells, after <see cref="NoteTimestamps"/>; zero if it tells none, or an impossible one.</summary>
    private long TimestampRoundTrip(Instant now, in PacketHeader header)
    {
        if (header.Timestamp == 0 || header.TimestampDifference is 0 or NoDifference)
        {
            return 0;
        }

        // Clocks that tick in milliseconds may make a short way negative.
        var sum = unchecked((int)(header.TimestampDifference + _replyDifference));
        return sum > 0 && sum <= now - CreatedAt ? sum : 0;
    }

    /// <summary>The smallest round trip, corrected by what the packet at hand tells.</summary>
    private long SmallestRoundTrip(long timestampRoundTripMicros) =>
        timestampRoundTripMicros > 0 ? Math.Min(_roundTrip.MinMicros, timestampRoundTripMicros) : _roundTrip.MinMicros;
}
