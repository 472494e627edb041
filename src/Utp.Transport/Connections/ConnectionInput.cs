using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace Utp.Transport;

/// <summary>
/// The application's end of the input pipe: tells the executor how much was read, so that the receive window opens. Examined counts as read,
/// as it does for the pipe itself: a reader that looks at all there is and waits for more must get more, or a message larger than the window
/// would never be whole.
/// </summary>
internal sealed class ConnectionInput(UtpConnection connection, PipeReader reader) : PipeReader, IValueTaskSource<ReadResult>
{
    private readonly IValueTaskSource<ReadResult>? _pending = PipeSources.Of(reader);
    private SequencePosition _start;
    private long _examinedBytes;

    public override bool TryRead(out ReadResult result)
    {
        if (!reader.TryRead(out result))
        {
            return false;
        }

        _start = result.Buffer.Start;
        return true;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var read = reader.ReadAsync(cancellationToken);
        if (read.IsCompleted)
        {
            return read.IsCompletedSuccessfully ? new ValueTask<ReadResult>(Remember(read.Result)) : read;
        }

        return _pending is null ? AwaitRead(read) : new ValueTask<ReadResult>(this, 0);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        // Before the pipe gets the memory back: positions measure through it.
        var start = IndexOf(_start);
        var consumedBytes = IndexOf(consumed) - start ?? 0;
        var examinedBytes = Math.Max(_examinedBytes, IndexOf(examined) - start ?? 0);
        var readBytes = examinedBytes - _examinedBytes;
        reader.AdvanceTo(consumed, examined);
        _start = default;
        _examinedBytes = examinedBytes - consumedBytes;
        if (readBytes > 0)
        {
            connection.Consumed(readBytes);
        }
    }

    public override void CancelPendingRead() => reader.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        reader.Complete(exception);
        connection.InputCompleted();
    }

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _pending!.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _pending!.OnCompleted(continuation, state, token, flags);

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => Remember(_pending!.GetResult(token));

    // Pooled: a read that waits is the usual case for a fast reader, and should not allocate.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> AwaitRead(ValueTask<ReadResult> read) => Remember(await read.ConfigureAwait(false));

    /// <summary>Where a position is among all bytes of its pipe; the difference of two needs no walk from one to the other.</summary>
    private static long? IndexOf(SequencePosition position) =>
        position.GetObject() is ReadOnlySequenceSegment<byte> segment ? segment.RunningIndex + position.GetInteger() : null;

    private ReadResult Remember(ReadResult result)
    {
        _start = result.Buffer.Start;
        return result;
    }
}
