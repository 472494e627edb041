namespace Utp.Protocol;

/// <summary>
/// The congestion controllers that a connection can use for what it sends. The choice is one side's own: it is not negotiated, and the peer
/// need not know it.
/// </summary>
public enum CongestionAlgorithm
{
    /// <summary>
    /// LEDBAT++ (draft-irtf-iccrg-ledbat-plus-plus), target 60 ms: background transfer that also shares fairly with its own kind, and pauses for
    /// a moment about every five seconds to measure the empty path. Experimental until docs/experiments.md shows its bars held; opt-in. On
    /// paths that lose packets at random it is slower than TCP by design.
    /// </summary>
    LedbatPlusPlus = 0,

    /// <summary>
    /// LEDBAT as in RFC 6817, target 100 ms: yields to other traffic when its own queueing delay rises. The default. A flow that joins late can
    /// take more than its share from earlier ones.
    /// </summary>
    Ledbat = 1,

    /// <summary>
    /// CUBIC (RFC 9438) with HyStart++ (RFC 9406): foreground transfer. It does not yield: it takes the share of a TCP connection and fills
    /// whatever buffer the path has, to the detriment of interactive traffic beside it.
    /// </summary>
    Cubic = 2,
}
