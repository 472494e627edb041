using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Utp.Transport.Connections;
using Utp.Transport.Connections.Pipes;

namespace Utp.Transport;

/// <content>Writing.</content>
public sealed partial class UtpStream
{
    /// <summary>Writes, and waits while the peer accepts no more. Returns when the bytes are queued for sending, not when they have arrived.</summary>
    /// <param name="buffer">The bytes.</param>
    /// <param name="cancellationToken">Ends the wait; it is then unknown how much of the buffer will be sent.</param>
    /// <returns>Completes when more can be written.</returns>
    /// <exception cref="IOException">The connection was reset, lost, aborted or closed.</exception>
    /// <exception cref="InvalidOperationException">Another write is in progress.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
#pragma warning disable RS0027 // The shape is the base class's.
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
#pragma warning restore RS0027
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        if (buffer.IsEmpty)
        {
            return ValueTask.CompletedTask;
        }

        if (Interlocked.Exchange(ref _writing, 1) != 0)
        {
            throw new InvalidOperationException("Another write is in progress. A stream has one writer at a time.");
        }

        return WriteCoreAsync(buffer, cancellationToken);
    }

    /// <inheritdoc />
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    /// <inheritdoc />
    /// <exception cref="IOException">
    /// The connection was reset, lost, aborted or closed; or the peer did not take enough within <see cref="WriteTimeout"/>, and the inner
    /// exception is a <see cref="SocketException"/> with <see cref="SocketError.TimedOut"/>.
    /// </exception>
    public override void Write(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        Write(buffer.AsSpan(offset, count));
    }

    /// <inheritdoc />
    /// <exception cref="IOException">
    /// The connection was reset, lost, aborted or closed; or the peer did not take enough within <see cref="WriteTimeout"/>, and the inner
    /// exception is a <see cref="SocketException"/> with <see cref="SocketError.TimedOut"/>.
    /// </exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        if (Interlocked.Exchange(ref _writing, 1) != 0)
        {
            throw new InvalidOperationException("Another write is in progress. A stream has one writer at a time.");
        }

        var began = Environment.TickCount64;
        try
        {
            while (!buffer.IsEmpty)
            {
                // Copy into the pipe's memory at once: the span does not outlive this call.
                var memory = _output.GetSpan();
                var length = Math.Min(Math.Min(memory.Length, buffer.Length), LargestWriteBytes);
                buffer[..length].CopyTo(memory);
                _output.Advance(length);
                buffer = buffer[length..];
                Check(WaitForFlush(began));
            }
        }
        catch (ConnectionAbortedException e)
        {
            throw UtpErrors.WriteAfterAbort(e);
        }
        catch (InvalidOperationException) when (IsDisposed)
        {
            throw new ObjectDisposedException(GetType().FullName);
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    /// <inheritdoc />
    public override void WriteByte(byte value) => Write([value]);

    /// <summary>Does nothing: every write is flushed.</summary>
    public override void Flush() => ObjectDisposedException.ThrowIf(IsDisposed, this);

    /// <summary>Does nothing: every write is flushed.</summary>
    /// <param name="cancellationToken">Checked.</param>
    /// <returns>A completed task.</returns>
    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return cancellationToken.IsCancellationRequested ? Task.FromCanceled(cancellationToken) : Task.CompletedTask;
    }

    /// <inheritdoc />
    public override IAsyncResult BeginWrite(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state) =>
        TaskToAsyncResult.Begin(WriteAsync(buffer, offset, count, CancellationToken.None), callback, state);

    /// <inheritdoc />
    public override void EndWrite(IAsyncResult asyncResult) => TaskToAsyncResult.End(asyncResult);

    /// <summary>Flushes, and blocks while the pipe holds too much, until <see cref="WriteTimeout"/> after the write began.</summary>
    private FlushResult WaitForFlush(long began)
    {
        var left = _writeTimeout == Timeout.Infinite ? Timeout.Infinite : (int)Math.Max(0, began + _writeTimeout - Environment.TickCount64);
        if (_output is ConnectionOutput output)
        {
            return output.TryFlush(left, out var result) ? result : throw UtpErrors.WriteTimedOut(_writeTimeout);
        }

        // These pipes belong to middleware: only the pipes can wake their writer.
        using var timeout = left == Timeout.Infinite ? null : new CancellationTokenSource(Math.Max(1, left));
        try
        {
            var flush = _output.FlushAsync(timeout?.Token ?? CancellationToken.None);
            return flush.IsCompleted ? flush.GetAwaiter().GetResult() : flush.AsTask().GetAwaiter().GetResult();
        }
        catch (OperationCanceledException e) when (timeout is not null && e.CancellationToken == timeout.Token)
        {
            throw UtpErrors.WriteTimedOut(_writeTimeout);
        }
    }

    private async ValueTask WriteCoreAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            while (!buffer.IsEmpty)
            {
                var piece = buffer[..Math.Min(buffer.Length, LargestWriteBytes)];
                buffer = buffer[piece.Length..];
                Check(await _output.WriteAsync(piece, cancellationToken).ConfigureAwait(false));
            }
        }
        catch (ConnectionAbortedException e)
        {
            throw UtpErrors.WriteAfterAbort(e);
        }
        catch (InvalidOperationException) when (IsDisposed)
        {
            throw new ObjectDisposedException(GetType().FullName);
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    private void Check(FlushResult result)
    {
        if (result.IsCanceled)
        {
            throw new OperationCanceledException("The pending flush of the connection was cancelled.");
        }

        if (result.IsCompleted)
        {
            throw UtpErrors.WriteAfterEnd(_connection.Features.Get<IUtpConnectionFeature>()?.CloseReason ?? UtpCloseReason.None);
        }
    }
}
