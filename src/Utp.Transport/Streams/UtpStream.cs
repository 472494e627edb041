using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Utp.Transport;

/// <summary>
/// A connection as a <see cref="Stream"/>: for one reader and one writer at a time, which may be different threads. Unlike the stream that a pipe
/// creates, it reports a write that can no longer arrive. It does not buffer: each write is sent.
/// </summary>
public sealed partial class UtpStream : Stream
{
    /// <summary>The maximum size of one piece of a large write, so that the write waits for the peer instead of filling memory.</summary>
    private const int LargestWriteBytes = 64 * 1024;

    private readonly ConnectionContext _connection;
    private readonly PipeReader _input;
    private readonly PipeWriter _output;
    private int _reading;
    private int _writing;
    private int _disposed;
    private int _readTimeout = Timeout.Infinite;
    private int _writeTimeout = Timeout.Infinite;

    /// <summary>Initializes a stream over the pipes of a connection.</summary>
    /// <param name="connection">The connection; use either its pipes or the stream. Disposing the stream disposes the connection.</param>
    public UtpStream(ConnectionContext connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        _connection = connection;
        _input = connection.Transport.Input;
        _output = connection.Transport.Output;
    }

    /// <summary>Gets the connection under the stream: its endpoints, features and <see cref="BaseConnectionContext.ConnectionClosed"/>.</summary>
    public ConnectionContext Connection => _connection;

    /// <inheritdoc />
    public override bool CanRead => !IsDisposed;

    /// <inheritdoc />
    public override bool CanSeek => false;

    /// <inheritdoc />
    public override bool CanWrite => !IsDisposed;

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override long Length => throw new NotSupportedException();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Gets a value indicating whether the blocking calls can time out: <see langword="true"/>.</summary>
    public override bool CanTimeout => true;

    /// <summary>
    /// Gets or sets the longest time in milliseconds for which <see cref="Read(Span{byte})"/> and the other blocking reads wait for data. The
    /// default is <see cref="Timeout.Infinite"/>. Asynchronous reads take a cancellation token instead.
    /// </summary>
    /// <remarks>A read that times out takes no data, and the stream can be read again.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is neither positive nor <see cref="Timeout.Infinite"/>.</exception>
    public override int ReadTimeout
    {
        get => _readTimeout;
        set => _readTimeout = ValidTimeout(value);
    }

    /// <summary>
    /// Gets or sets the longest time in milliseconds that one call of <see cref="Write(ReadOnlySpan{byte})"/> or another blocking write may
    /// take. The default is <see cref="Timeout.Infinite"/>. Asynchronous writes take a cancellation token instead.
    /// </summary>
    /// <remarks>
    /// After a write has timed out, an unknown part of its bytes is still sent. Unless the peer can tell where the next message begins, the only
    /// safe reaction is to end the connection.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is neither positive nor <see cref="Timeout.Infinite"/>.</exception>
    public override int WriteTimeout
    {
        get => _writeTimeout;
        set => _writeTimeout = ValidTimeout(value);
    }

    private bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    /// <summary>Not supported.</summary>
    /// <param name="offset">Ignored.</param>
    /// <param name="origin">Ignored.</param>
    /// <returns>Nothing.</returns>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <summary>Not supported.</summary>
    /// <param name="value">Ignored.</param>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Closes the connection gracefully: the engine still delivers what was written. Idempotent.</summary>
    /// <returns>Completes when the connection is closed on this side, without waiting for the peer.</returns>
#pragma warning disable CA2215 // It would dispose a second time, synchronously.
    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await CloseConnectionAsync().ConfigureAwait(false);
        }

        GC.SuppressFinalize(this);
    }
#pragma warning restore CA2215

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            // Do not wait: our own connection is closed when this returns, and nothing should block on another implementation.
            _ = CloseConnectionAsync();
        }

        base.Dispose(disposing);
    }

    private static int ValidTimeout(int value)
    {
        if (value <= 0 && value != Timeout.Infinite)
        {
            throw new ArgumentOutOfRangeException(nameof(value), value, "A timeout is a positive number of milliseconds, or Timeout.Infinite.");
        }

        return value;
    }

    private async Task CloseConnectionAsync()
    {
        // Complete the pipes of middleware first; the connection completes its own.
        await _output.CompleteAsync().ConfigureAwait(false);
        await _input.CompleteAsync().ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
    }
}
