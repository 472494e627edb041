namespace Utp.Transport.Connections.Pipes;

/// <summary>
/// What <see cref="PipeOperation{TResult}"/> asks of the pipe's end that it belongs to. All members are called with the pipe's lock.
/// </summary>
/// <typeparam name="TResult">The result of reading or of flushing.</typeparam>
internal interface IPipeOperation<TResult>
{
    /// <summary>Whether the operation has a result.</summary>
    bool IsReady { get; }

    /// <summary>Whether that result is an exception other than a cancellation.</summary>
    bool IsFaulted { get; }

    /// <summary>Takes the result of an operation that was awaited.</summary>
    /// <param name="isTokenCanceled">Whether the result is dropped, because the operation's token was cancelled.</param>
    TResult TakeAwaitedResult(bool isTokenCanceled);

    /// <summary>Takes the result of an operation that a thread has blocked for; false if there is none.</summary>
    bool TryTakeResult(out TResult result);
}
