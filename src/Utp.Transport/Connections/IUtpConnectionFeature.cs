namespace Utp.Transport;

/// <summary>What a uTP connection knows of itself: found in <c>ConnectionContext.Features</c> and, under Kestrel, in <c>HttpContext.Features</c>.</summary>
public interface IUtpConnectionFeature
{
    /// <summary>Gets a consistent snapshot of the connection's measurements, at most some milliseconds old.</summary>
    UtpConnectionStatistics Statistics { get; }

    /// <summary>Gets why the connection ended; <see cref="UtpCloseReason.None"/> while it is open.</summary>
    UtpCloseReason CloseReason { get; }

    /// <summary>
    /// Ends this side's sending after the bytes already written (half-close): the peer sees the end of the stream, and reading goes on.
    /// The same as completing the output pipe when <see cref="UtpConnectionOptions.CloseOnPeerFinish"/> is false. Later writes are an error.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait, not the half-close.</param>
    /// <returns>Completes when the peer has acknowledged everything, or the connection has ended.</returns>
    ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default);
}
