namespace Utp.Transport;

/// <summary>
/// Specifies the congestion controller for what a connection sends. Each side chooses its own: the choice is not negotiated, and the peer need not
/// know it.
/// </summary>
public enum UtpCongestionControl
{
    /// <summary>
    /// LEDBAT++ (draft-irtf-iccrg-ledbat-plus-plus) with a target of 60 ms, for background transfer. It uses idle capacity, withdraws to a few
    /// percent while other traffic needs the path, and shares fairly with its own kind. It pauses for a moment about every five seconds to measure
    /// the empty path, which costs some 6 % of the throughput at a round trip of 40 ms. On paths that lose packets at random it is slower than TCP
    /// by design. This is the default.
    /// </summary>
    LedbatPlusPlus = 0,

    /// <summary>
    /// LEDBAT (RFC 6817) with the constants that libutp and libtorrent use and a target of 100 ms, for parity with deployed uTP. It fills the path
    /// better than <see cref="LedbatPlusPlus"/>. But a flow that joins late can starve earlier ones, the standing queue grows over tens of minutes,
    /// and behind shallow buffers it takes about half of the path from TCP.
    /// </summary>
    Ledbat = 1,

    /// <summary>
    /// CUBIC (RFC 9438) with HyStart++ (RFC 9406), for foreground transfer. It does not yield: it takes the share of a TCP connection and fills any
    /// buffer on the path, which harms interactive traffic on the same path.
    /// </summary>
    Cubic = 2,
}
