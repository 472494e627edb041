using Utp.Transport.Connections.Pipes;

namespace Utp.Transport.Tests.Connections.Pipes;

/// <summary>Records the calls of pipes to their connection.</summary>
internal sealed class RecordingOwner : IPipeOwner
{
    public bool RefusesOutput { get; set; }

    public long ConsumedBytes { get; private set; }

    public int InputCompletions { get; private set; }

    public int OutputCompletions { get; private set; }

    public int Flushes { get; private set; }

    public Exception? OutputError { get; private set; }

    public void Wake(IThreadPoolWorkItem waiter) => ThreadPool.UnsafeQueueUserWorkItem(waiter, preferLocal: false);

    public void Consumed(long bytes) => ConsumedBytes += bytes;

    public void InputCompleted() => InputCompletions++;

    public void OutputFlushed() => Flushes++;

    public void OutputCompleted() => OutputCompletions++;

    public void OutputFailed(Exception exception) => OutputError = exception;
}
