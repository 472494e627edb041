namespace Utp.Transport;

/// <summary>
/// The congestion controllers that a connection can use for what it sends. The choice is one side's own: it is not negotiated, and the peer
/// need not know it.
/// </summary>
public enum UtpCongestionControl
{
    /// <summary>
    /// LEDBAT++ (draft-irtf-iccrg-ledbat-plus-plus), target 60 ms: background transfer. It uses idle capacity, withdraws to a few percent while
    /// other traffic wants the path, shares fairly with its own kind, and pauses for a moment about every five seconds to measure the empty
    /// path, which costs some 6 % of the throughput at a round trip of 40 ms. On paths that lose packets at random it is slower than TCP by
    /// design. This is the default.
    /// </summary>
    LedbatPlusPlus = 0,

    /// <summary>
    /// LEDBAT (RFC 6817) with the constants that libutp and libtorrent use, target 100 ms: for parity with deployed uTP. It fills the path
    /// better than <see cref="LedbatPlusPlus"/>, but a flow that joins late can starve earlier ones, the standing queue creeps up over tens of
    /// minutes, and behind shallow buffers it takes about half of the path from TCP.
    /// </summary>
    Ledbat = 1,

    /// <summary>
    /// CUBIC (RFC 9438) with HyStart++ (RFC 9406): foreground transfer. It does not yield: it takes the share of a TCP connection and fills
    /// whatever buffer the path has, to the detriment of interactive traffic beside it.
    /// </summary>
    Cubic = 2,
}
