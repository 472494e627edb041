using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Connections;

/// <summary>
/// The timestamps that both ends write into each packet. A packet carries the peer's measurement of one direction, and its arrival gives this
/// side's measurement of the other. Each of them contains the offset between the two clocks; their sum does not. So the sum is a round trip even
/// where Karn's rule permits none: before the first acknowledgement on the side that accepts, and when a retransmission is acknowledged. It
/// contains neither side's delay in answering.
/// </summary>
internal struct TimestampExchange
{
    /// <summary>Means "none" to libutp and libtorrent, as 0 does.</summary>
    private const uint NoDifference = 0x7FFF_FFFF;

    /// <summary>This side's clock at the arrival of the latest packet, less that packet's timestamp: the difference that the next packet carries.</summary>
    public uint ReplyDifference { get; private set; }

    /// <summary>Gets the timestamp that a packet carries; 0 means "no sample" to peers.</summary>
    public static uint OnWire(Instant now) => Math.Max(1, now.WireTimestamp);

    /// <summary>Whether a difference in a header is a measurement.</summary>
    public static bool IsMeasured(uint difference) => difference is not 0 and not NoDifference;

    /// <summary>
    /// Gets the timestamp, on this side's clock, of the packet that the peer had received last when it sent this one, or a later time if the
    /// peer delayed its answer. It tells the transmissions of a segment apart, as TCP's timestamps do (RFC 8985, 6.2, step 2).
    /// </summary>
    /// <returns>Zero if the peer sent no timestamps.</returns>
    public static uint Answered(in PacketHeader header) =>
        header.Timestamp == 0 || !IsMeasured(header.TimestampDifference) ? 0 : Math.Max(1, unchecked(header.Timestamp - header.TimestampDifference));

    /// <summary>Whether the result of <see cref="Answered"/> is known, and earlier than a transmission at this time.</summary>
    public static bool IsOlder(uint answered, Instant sentAt) => answered != 0 && unchecked((int)(answered - OnWire(sentAt))) < 0;

    /// <summary>
    /// A packet with a timestamp arrived. It is measured at arrival and not when the answer leaves: this side's delay in answering is not the
    /// path's.
    /// </summary>
    public void OnPacket(Instant now, in PacketHeader header)
    {
        var difference = unchecked(now.WireTimestamp - header.Timestamp);
        ReplyDifference = IsMeasured(difference) ? difference : difference + 1;
    }

    /// <summary>Gets the round trip that a packet tells, after <see cref="OnPacket"/>.</summary>
    /// <returns>Zero if the packet tells none, or one that is longer than the connection's age.</returns>
    public readonly long RoundTripMicros(in PacketHeader header, long ageMicros)
    {
        if (header.Timestamp == 0 || !IsMeasured(header.TimestampDifference))
        {
            return 0;
        }

        // Clocks that tick in milliseconds may make a short way negative.
        var sum = unchecked((int)(header.TimestampDifference + ReplyDifference));
        return sum > 0 && sum <= ageMicros ? sum : 0;
    }
}
