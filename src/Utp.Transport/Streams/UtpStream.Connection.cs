using System.Net;
using Microsoft.AspNetCore.Connections;
using Utp.Transport.Connections;

namespace Utp.Transport;

/// <content>Access to the connection under the stream: its peers, its measurements, and the three ways to end it.</content>
public sealed partial class UtpStream
{
    /// <summary>
    /// Gets the id of the connection, which is unique in this process and the same in logs and traces. It is not the 16-bit number on the wire.
    /// </summary>
    public string ConnectionId => _connection.ConnectionId;

    /// <summary>Gets the local address and UDP port; null over a connection that has none.</summary>
    public IPEndPoint? LocalEndPoint => _connection.LocalEndPoint as IPEndPoint;

    /// <summary>Gets the peer's address and UDP port; null over a connection that has none.</summary>
    public IPEndPoint? RemoteEndPoint => _connection.RemoteEndPoint as IPEndPoint;

    /// <summary>Gets a snapshot of the connection's measurements, at most some milliseconds old; the last one when the connection has ended.</summary>
    /// <exception cref="NotSupportedException">The stream is over a connection that is not uTP.</exception>
    public UtpConnectionStatistics Statistics => Feature.Statistics;

    /// <summary>Gets why the connection ended; <see cref="UtpCloseReason.None"/> while it is open.</summary>
    /// <exception cref="NotSupportedException">The stream is over a connection that is not uTP.</exception>
    public UtpCloseReason CloseReason => Feature.CloseReason;

    /// <summary>Gets the rate limits of the connection.</summary>
    /// <exception cref="NotSupportedException">The stream is over a connection that is not uTP.</exception>
    public IUtpRateLimits RateLimits => Feature.RateLimits;

    /// <summary>Gets or sets the congestion controller; a new one starts from the window and the estimates of the last one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not defined.</exception>
    /// <exception cref="NotSupportedException">The stream is over a connection that is not uTP.</exception>
    public UtpCongestionControl CongestionControl
    {
        get => Feature.CongestionControl;
        set => Feature.CongestionControl = value;
    }

    /// <summary>
    /// The time for which <see cref="CloseAsync"/> waits: the linger timeout of the connection, or the default if other code wraps the connection.
    /// </summary>
    private TimeSpan CloseTimeout => (_connection as UtpConnection)?.LingerTimeout ?? new UtpConnectionOptions().LingerTimeout;

    private IUtpConnectionFeature Feature => _connection.Features.Get<IUtpConnectionFeature>()
        ?? throw new NotSupportedException($"The connection {_connection.ConnectionId} is not a uTP connection.");

    /// <summary>
    /// Ends this side's sending after the bytes already written (half-close): the peer sees the end of the stream, and this side can still read.
    /// Later writes are an error.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait, not the half-close.</param>
    /// <returns>Completes when the peer has acknowledged everything.</returns>
    /// <exception cref="IOException">The connection was reset, lost or aborted before the peer acknowledged everything.</exception>
    /// <exception cref="NotSupportedException">The stream is over a connection that is not uTP.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default)
    {
        var feature = Feature;
        await feature.CompleteWritesAsync(cancellationToken).ConfigureAwait(false);
        if (feature.CloseReason is not (UtpCloseReason.None or UtpCloseReason.Graceful))
        {
            throw UtpErrors.WriteAfterEnd(feature.CloseReason);
        }
    }

    /// <summary>
    /// Closes gracefully, and reports whether the peer has everything: sends the end of the stream, waits until the peer has acknowledged it, and
    /// disposes the stream. Data that the peer still sends is dropped. <see cref="DisposeAsync"/> does the same without waiting or reporting.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait; the connection is then closed as by <see cref="DisposeAsync"/>.</param>
    /// <returns>Completes when the peer has acknowledged every byte.</returns>
    /// <exception cref="TimeoutException">
    /// The peer did not acknowledge within <see cref="UtpConnectionOptions.LingerTimeout"/>. The connection is reset.
    /// </exception>
    /// <exception cref="IOException">The connection was reset, lost or aborted before the peer acknowledged every byte.</exception>
    /// <exception cref="NotSupportedException">The stream is over a connection that is not uTP.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task CloseAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await CompleteWritesAsync(cancellationToken).AsTask().WaitAsync(CloseTimeout, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            var message =
                $"The peer {_connection.RemoteEndPoint} did not acknowledge the end of the stream within {CloseTimeout.TotalSeconds} s (LingerTimeout).";
            _connection.Abort(new ConnectionAbortedException(message));
            throw new TimeoutException(message);
        }
        finally
        {
            await DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Ends the connection at once with a RESET, without waiting. Written data that has not arrived is lost. Idempotent.</summary>
    public void Abort() => _connection.Abort();
}
