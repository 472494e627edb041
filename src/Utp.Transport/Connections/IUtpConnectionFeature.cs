namespace Utp.Transport;

/// <summary>The state of a uTP connection. It is found in <c>ConnectionContext.Features</c> and, under Kestrel, in <c>HttpContext.Features</c>.</summary>
public interface IUtpConnectionFeature : IUtpRateLimited
{
    /// <summary>Gets a consistent snapshot of the connection's measurements, at most some milliseconds old.</summary>
    UtpConnectionStatistics Statistics { get; }

    /// <summary>Gets why the connection has ended; <see cref="UtpCloseReason.None"/> while it is open.</summary>
    UtpCloseReason CloseReason { get; }

    /// <summary>
    /// Gets or sets the congestion controller. A new one starts from the window and the estimates of the last one, so that a transfer need not begin
    /// again: for example, a background transfer that somebody now waits for can change from LEDBAT++ to CUBIC. On a connection that has ended,
    /// setting it has no effect.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not defined.</exception>
    UtpCongestionControl CongestionControl { get; set; }

    /// <summary>
    /// Completes the output after the bytes already written (half-close). The peer sees the end of the stream, and reading continues. This is the same as
    /// to complete the output pipe when <see cref="UtpConnectionOptions.CloseOnPeerFinish"/> is false. Later writes are an error.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait, not the half-close.</param>
    /// <returns>Completes when the peer has acknowledged every byte, or when the connection has ended.</returns>
    ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default);
}
