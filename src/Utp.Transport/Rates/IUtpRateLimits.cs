namespace Utp.Transport;

/// <summary>
/// The rate limits of a connection, of all connections of a client or listener, or of all connections of the engine. They can be changed at any time,
/// on any thread, and take effect at once. A host provides those of the engine as a service of this type.
/// </summary>
/// <remarks>
/// <para>
/// Bytes pass every level that applies to them: that of the connection, that of its client or listener, and that of the engine. Connections that
/// share a limit get equal shares of it, unless they need less. The congestion controller is as before: a limit only makes a connection slower.
/// </para>
/// <para>
/// Limits count payload: the bytes that applications write and read, and retransmissions of them, without headers. Acknowledgements, keepalives and
/// requests to connect pass freely. After idleness, what a limit allows in 50 ms may leave at once.
/// </para>
/// <para>
/// A limit for receiving drops nothing: the peer is told a smaller receive window, which opens as fast as the limit allows. What the peer has been
/// told before stays valid. So each connection can receive one such window, of half a second's bytes, and one that was open when the limit was set,
/// before the limit shows.
/// </para>
/// <para>
/// A low limit makes it take longer to deliver the last bytes of a closed connection. <see cref="UtpConnectionOptions.LingerTimeout"/> bounds that.
/// </para>
/// </remarks>
public interface IUtpRateLimits
{
    /// <summary>Gets or sets the maximum number of bytes sent per second; null for no limit. Allowed 1,000 to 2,000,000,000.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    int? MaxSendBytesPerSecond { get; set; }

    /// <summary>Gets or sets the maximum number of bytes received per second; null for no limit. Allowed 1,000 to 2,000,000,000.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    int? MaxReceiveBytesPerSecond { get; set; }

    /// <summary>
    /// Gets the limits of the level above: for a connection those of its client or listener, for these those of the engine, and for the engine null.
    /// </summary>
    IUtpRateLimits? LevelAbove { get; }
}
