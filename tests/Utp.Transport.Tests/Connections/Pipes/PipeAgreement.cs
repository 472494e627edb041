#pragma warning disable CA2012, CA1849 // What is tested is what happens while an operation has not been awaited.

namespace Utp.Transport.Tests.Connections.Pipes;

/// <summary>One of our pipes and the runtime's, to which the same is done. Both must give the same answers.</summary>
/// <typeparam name="TResult">The result of reading or of flushing.</typeparam>
internal abstract class PipeAgreement<TResult> : IDisposable
    where TResult : struct
{
    private CancellationTokenSource _cancel = new();
    private ValueTask<TResult>? _ours;
    private ValueTask<TResult>? _theirs;
    private byte _nextByte;

    /// <summary>Whether an operation waits.</summary>
    protected bool IsPending => _ours is not null;

    /// <summary>The token of the next operation.</summary>
    protected CancellationToken Token => _cancel.Token;

    /// <summary>Takes the results of an operation that has ended, in both pipes or in neither.</summary>
    public void TakePendingResults()
    {
        if (_ours is { } ours && _theirs is { } theirs)
        {
            Assert.Equal(theirs.IsCompleted, ours.IsCompleted);
            if (ours.IsCompleted)
            {
                var (ourResult, theirResult) = (default(TResult), default(TResult));
                var ourError = Record.Exception(() => { ourResult = ours.GetAwaiter().GetResult(); });
                var theirError = Record.Exception(() => { theirResult = theirs.GetAwaiter().GetResult(); });
                (_ours, _theirs) = (null, null);
                AssertSame(ourError, theirError);
                Take(ourError, ourResult, theirResult);
            }
        }

        if (_cancel.IsCancellationRequested && _ours is null)
        {
            _cancel.Dispose();
            _cancel = new CancellationTokenSource();
        }
    }

    public void Dispose() => _cancel.Dispose();

    /// <summary>Compares two results.</summary>
    /// <param name="error">What both threw, if they did: then there are no results.</param>
    /// <param name="ours">The result of our pipe.</param>
    /// <param name="theirs">The result of the runtime's pipe.</param>
    protected abstract void Take(Exception? error, in TResult ours, in TResult theirs);

    /// <summary>Begins the same operation in both pipes.</summary>
    protected void Begin(Func<ValueTask<TResult>> ours, Func<ValueTask<TResult>> theirs) =>
        AssertSame(Record.Exception(() => { _ours = ours(); }), Record.Exception(() => { _theirs = theirs(); }));

    /// <summary>Runs an operation to its end in both pipes, and compares what they throw.</summary>
    protected static void RunToEnd(Func<ValueTask<TResult>> ours, Func<ValueTask<TResult>> theirs) =>
        AssertSame(Record.Exception(() => { ours().GetAwaiter().GetResult(); }), Record.Exception(() => { theirs().GetAwaiter().GetResult(); }));

    protected void CancelToken() => _cancel.Cancel();

    /// <summary>Bytes that no earlier call has given.</summary>
    protected byte[] NextBytes(int length)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
        {
            bytes[i] = _nextByte++;
        }

        return bytes;
    }

    /// <summary>Compares exceptions by type. Cancelled tasks throw a type of their own.</summary>
    protected static void AssertSame(Exception? ours, Exception? theirs)
    {
        if (theirs is OperationCanceledException)
        {
            Assert.IsAssignableFrom<OperationCanceledException>(ours);
        }
        else
        {
            Assert.Equal(theirs?.GetType(), ours?.GetType());
        }
    }
}
