using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Utp.Transport;

/// <summary>
/// Options of the engine of a <see cref="UtpSocket"/>, <see cref="UtpClient"/> or <see cref="UtpListener"/>. Programs with a host have these as
/// services, and configure <see cref="UtpTransportOptions"/> with <c>AddUtp</c>.
/// </summary>
public sealed class UtpEngineOptions
{
    /// <summary>
    /// Gets or sets the options of the UDP sockets. Their connection options are the defaults of every connection. The socket,
    /// client or listener checks and copies them; a later change has no effect.
    /// </summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public UtpTransportOptions Transport { get; set => field = NotNull(value); } = new();

    /// <summary>Gets or sets the factory of the loggers. Default: <see cref="NullLoggerFactory"/>, which logs nothing.</summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public ILoggerFactory LoggerFactory { get; set => field = NotNull(value); } = NullLoggerFactory.Instance;

    /// <summary>
    /// Gets or sets the clock. Default: <see cref="TimeProvider.System"/>. Tests set another one to let timeouts pass without waiting; it must
    /// count with <see cref="TimeProvider.GetTimestamp"/> and make timers.
    /// </summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider { get; set => field = NotNull(value); } = TimeProvider.System;

    /// <summary>Gets or sets what carries the datagrams in place of UDP sockets. Default null: the system's UDP sockets.</summary>
    public IUtpDatagramLayer? DatagramLayer { get; set; }

    /// <summary>
    /// Gets or sets the filter of connection requests by address. Default null: every request is answered. It is asked from the first request on. A
    /// <see cref="UtpClient"/> does not listen, and does not use it.
    /// </summary>
    public IUtpAcceptFilter? AcceptFilter { get; set; }

    private static T NotNull<T>(T value)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(value);
        return value;
    }
}
