namespace Utp.Transport;

/// <summary>Options of one listener. The inherited options apply to the connections that it accepts.</summary>
public sealed class UtpListenerOptions : UtpConnectionOptions
{
    /// <summary>Initializes options with nothing assigned: the listener then has the engine's options.</summary>
    public UtpListenerOptions()
    {
    }

    /// <summary>Initializes a copy: the same values, and the same options assigned.</summary>
    /// <param name="other">The options to copy.</param>
    /// <exception cref="ArgumentNullException"><paramref name="other"/> is null.</exception>
    public UtpListenerOptions(UtpConnectionOptions other)
        : base(other)
    {
        if (other is UtpListenerOptions listener)
        {
            MaxConnections = listener.MaxConnections;
            MaxTotalSendBytesPerSecond = listener.MaxTotalSendBytesPerSecond;
            MaxTotalReceiveBytesPerSecond = listener.MaxTotalReceiveBytesPerSecond;
        }
    }

    /// <summary>
    /// Gets or sets the maximum number of payload bytes that the accepted connections send together per second. Default null: no limit. Allowed
    /// 1,000 to 2,000,000,000. <see cref="IUtpRateLimits"/> says what counts, and changes the limit at run time.
    /// </summary>
    public int? MaxTotalSendBytesPerSecond { get; set; }

    /// <summary>
    /// Gets or sets the maximum number of payload bytes that the accepted connections receive together per second. Default null: no limit.
    /// Allowed 1,000 to 2,000,000,000.
    /// </summary>
    public int? MaxTotalReceiveBytesPerSecond { get; set; }

    /// <summary>
    /// Gets or sets the maximum number of accepted connections that the application has at once, those that wait to be accepted included. Default
    /// null: no limit but the engine's; allowed 1 to 1,000,000. Beyond it the listener drops connection requests without an answer, so that the peer
    /// tries again. A request that was answered before the limit was reached, and is confirmed after, is reset.
    /// </summary>
    public int? MaxConnections { get; set; }
}
