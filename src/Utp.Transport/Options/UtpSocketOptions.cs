namespace Utp.Transport;

/// <summary>Options of a <see cref="UtpSocket"/>. The inherited options apply to the connections that it accepts, and to those that it opens.</summary>
public sealed class UtpSocketOptions : UtpConnectionOptions
{
    /// <summary>Initializes options with nothing assigned: the connections then have the engine's options.</summary>
    public UtpSocketOptions()
    {
    }

    /// <summary>Initializes a copy: the same values, and the same options assigned.</summary>
    /// <param name="other">The options to copy.</param>
    /// <exception cref="ArgumentNullException"><paramref name="other"/> is null.</exception>
    public UtpSocketOptions(UtpSocketOptions other)
        : base(other)
    {
        MaxConnections = other.MaxConnections;
        MaxPendingConnects = other.MaxPendingConnects;
    }

    // Without XML documentation: the packages know a member by its name and its number of parameters, and the public constructor has the same.
    internal UtpSocketOptions(UtpConnectionOptions other)
        : base(other)
    {
    }

    /// <summary>
    /// Gets or sets the maximum number of connections that the application has at once: accepted ones, those that wait to be accepted, and those that
    /// it has opened or is opening. Default null: no limit but <see cref="UtpTransportOptions.MaxConnections"/>; allowed 1 to 1,000,000. Beyond it a
    /// connect fails with an <see cref="InvalidOperationException"/>, and connection requests are dropped without an answer, so that the peer tries
    /// again. A request that was answered before the limit was reached, and is confirmed after, is reset.
    /// </summary>
    public int? MaxConnections { get; set; }

    /// <summary>
    /// Gets or sets the maximum number of connects that wait for their peer's answer at once. Default null: no limit; allowed 1 to 1,000,000.
    /// Further connects wait for their turn, in the order of their calls. That wait does not count against
    /// <see cref="UtpConnectionOptions.ConnectTimeout"/>; the caller's token ends it. A connect to a name with several addresses counts once.
    /// </summary>
    public int? MaxPendingConnects { get; set; }
}
