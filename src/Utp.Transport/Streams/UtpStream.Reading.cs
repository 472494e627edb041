using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Utp.Transport.Connections;
using Utp.Transport.Connections.Pipes;

namespace Utp.Transport;

/// <content>Reading.</content>
public sealed partial class UtpStream
{
    /// <summary>Reads available bytes, and waits while there are none. A read of zero bytes waits until there are some.</summary>
    /// <param name="buffer">Receives the bytes.</param>
    /// <param name="cancellationToken">Ends the wait; no byte is lost, and the stream stays usable.</param>
    /// <returns>The number of bytes read; zero when the peer has finished, or when <paramref name="buffer"/> is empty.</returns>
    /// <exception cref="IOException">The connection was reset, lost or aborted.</exception>
    /// <exception cref="InvalidOperationException">Another read is in progress.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
#pragma warning disable RS0027 // The shape is the base class's.
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
#pragma warning restore RS0027
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<int>(cancellationToken);
        }

        if (Interlocked.Exchange(ref _reading, 1) != 0)
        {
            throw new InvalidOperationException("Another read is in progress. A stream has one reader at a time.");
        }

        return ReadCoreAsync(buffer, cancellationToken);
    }

    /// <inheritdoc />
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    /// <inheritdoc />
    /// <exception cref="IOException">
    /// The connection was reset, lost or aborted; or nothing arrived within <see cref="ReadTimeout"/>, and the inner exception is a
    /// <see cref="SocketException"/> with <see cref="SocketError.TimedOut"/>.
    /// </exception>
    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    /// <inheritdoc />
    /// <exception cref="IOException">
    /// The connection was reset, lost or aborted; or nothing arrived within <see cref="ReadTimeout"/>, and the inner exception is a
    /// <see cref="SocketException"/> with <see cref="SocketError.TimedOut"/>.
    /// </exception>
    public override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        if (Interlocked.Exchange(ref _reading, 1) != 0)
        {
            throw new InvalidOperationException("Another read is in progress. A stream has one reader at a time.");
        }

        try
        {
            return Take(WaitForInput(), buffer);
        }
        catch (ConnectionAbortedException e)
        {
            throw UtpErrors.ReadAfterAbort(e);
        }
        catch (InvalidOperationException) when (IsDisposed)
        {
            throw new ObjectDisposedException(GetType().FullName);
        }
        finally
        {
            Volatile.Write(ref _reading, 0);
        }
    }

    /// <inheritdoc />
    public override int ReadByte()
    {
        Span<byte> one = stackalloc byte[1];
        return Read(one) == 0 ? -1 : one[0];
    }

    /// <inheritdoc />
    public override IAsyncResult BeginRead(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state) =>
        TaskToAsyncResult.Begin(ReadAsync(buffer, offset, count, CancellationToken.None), callback, state);

    /// <inheritdoc />
    public override int EndRead(IAsyncResult asyncResult) => TaskToAsyncResult.End<int>(asyncResult);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadCoreAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            var result = await _input.ReadAsync(cancellationToken).ConfigureAwait(false);
            return Take(result, buffer.Span);
        }
        catch (ConnectionAbortedException e)
        {
            // This must not be an OperationCanceledException, which users of streams would mistake for their own cancellation.
            throw UtpErrors.ReadAfterAbort(e);
        }
        catch (InvalidOperationException) when (IsDisposed)
        {
            throw new ObjectDisposedException(GetType().FullName);
        }
        finally
        {
            Volatile.Write(ref _reading, 0);
        }
    }

    /// <summary>Blocks until there is something to read, at most for <see cref="ReadTimeout"/>.</summary>
    private ReadResult WaitForInput()
    {
        if (_input is ConnectionInput input)
        {
            return input.TryRead(_readTimeout, out var result) ? result : throw UtpErrors.ReadTimedOut(_readTimeout);
        }

        // These pipes belong to middleware: only the pipes can wake their reader.
        using var timeout = _readTimeout == Timeout.Infinite ? null : new CancellationTokenSource(_readTimeout);
        try
        {
            var read = _input.ReadAsync(timeout?.Token ?? CancellationToken.None);
            return read.IsCompleted ? read.GetAwaiter().GetResult() : read.AsTask().GetAwaiter().GetResult();
        }
        catch (OperationCanceledException e) when (timeout is not null && e.CancellationToken == timeout.Token)
        {
            throw UtpErrors.ReadTimedOut(_readTimeout);
        }
    }

    /// <summary>Copies what fits and leaves the rest unexamined, so that the next read finds it at once.</summary>
    private int Take(in ReadResult result, Span<byte> buffer)
    {
        var available = result.Buffer;
        if (available.IsEmpty)
        {
            _input.AdvanceTo(available.End);
            return result.IsCanceled ? throw new OperationCanceledException("The pending read of the connection was cancelled.") : 0;
        }

        var taken = available.Slice(0, Math.Min(available.Length, buffer.Length));
        taken.CopyTo(buffer);
        var length = (int)taken.Length;

        // From here on the memory belongs to the pipe again, and may already hold other data.
        _input.AdvanceTo(taken.End);
        return length;
    }
}
