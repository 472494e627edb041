using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace Utp.Transport;

/// <summary>
/// The application's end of the output pipe: a flush tells the executor that there is something to send. When the connection no longer
/// takes bytes, writes vanish and flushes say <see cref="FlushResult.IsCompleted"/>, as on a socket whose peer is gone.
/// </summary>
internal sealed class ConnectionOutput(UtpConnection connection, PipeWriter writer) : PipeWriter, IValueTaskSource<FlushResult>
{
    private readonly IValueTaskSource<FlushResult>? _pending = PipeSources.Of(writer);

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => writer.UnflushedBytes;

    public override Memory<byte> GetMemory(int sizeHint = 0) => writer.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => writer.GetSpan(sizeHint);

    public override void Advance(int bytes)
    {
        if (!connection.RefusesOutput)
        {
            writer.Advance(bytes);
        }
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        var flush = writer.FlushAsync(cancellationToken);
        connection.Post(Engine.ConnectionSignals.Output);
        return Finish(flush);
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        if (connection.RefusesOutput)
        {
            return FlushAsync(cancellationToken);
        }

        var flush = writer.WriteAsync(source, cancellationToken);
        connection.Post(Engine.ConnectionSignals.Output);
        return Finish(flush);
    }

    public override void CancelPendingFlush() => writer.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        if (exception is not null)
        {
            // What the peer has is not all there was, and must not look like it.
            connection.Abort(UtpErrors.OutputFailed(exception));
        }

        // Without the exception: it has been told, and the executor must be able to read what is still to be delivered.
        writer.Complete();
        connection.OutputCompleted();
    }

    ValueTaskSourceStatus IValueTaskSource<FlushResult>.GetStatus(short token) => _pending!.GetStatus(token);

    void IValueTaskSource<FlushResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _pending!.OnCompleted(continuation, state, token, flags);

    FlushResult IValueTaskSource<FlushResult>.GetResult(short token) => Correct(_pending!.GetResult(token));

    private ValueTask<FlushResult> Finish(ValueTask<FlushResult> flush)
    {
        if (flush.IsCompleted)
        {
            return flush.IsCompletedSuccessfully ? new ValueTask<FlushResult>(Correct(flush.Result)) : flush;
        }

        return _pending is null ? AwaitFlush(flush) : new ValueTask<FlushResult>(this, 0);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> AwaitFlush(ValueTask<FlushResult> flush) => Correct(await flush.ConfigureAwait(false));

    /// <summary>
    /// While a closed connection still delivers, its pipe is open on the executor's side; the application must not notice. The cancellation
    /// is then the executor's, and ends a wait for room that would otherwise last as long as the delivery.
    /// </summary>
    private FlushResult Correct(FlushResult result) => connection.RefusesOutput ? new FlushResult(isCanceled: false, isCompleted: true) : result;
}
