namespace Utp.Transport;

/// <summary>Options of one listener, which apply to the connections that it accepts.</summary>
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
    }
}
