namespace Utp.Transport.Tests.Engine;

/// <summary>
/// Blocks every thread of the pool permanently: the pool adds a thread or two per second, and blocking work waits for each of them.
/// </summary>
internal sealed class OccupiedThreadPool : IDisposable
{
    /// <summary>More work items than the number of threads that the pool can add during a test.</summary>
    private const int WorkItems = 1_000;

    private readonly ManualResetEventSlim _end = new();
    private readonly CountdownEvent _left = new(WorkItems + 1);
    private bool _ranSomething;

    public OccupiedThreadPool()
    {
        for (var i = 0; i < WorkItems; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                static self =>
                {
                    self._end.Wait();
                    self._left.Signal();
                },
                this,
                preferLocal: false);
        }

        // This is queued behind all of them, like work that a test must not depend on.
        ThreadPool.UnsafeQueueUserWorkItem(
            static self =>
            {
                self._ranSomething |= !self._end.IsSet;
                self._left.Signal();
            },
            this,
            preferLocal: false);

        // The pool starts threads for the first work items at once.
        Assert.True(SpinWait.SpinUntil(() => ThreadPool.PendingWorkItemCount > 0 && ThreadPool.ThreadCount > 0, EngineFixture.Patience));
    }

    /// <summary>Whether the pool ran anything that was queued after it was occupied.</summary>
    public bool RanSomething => Volatile.Read(ref _ranSomething);

    public void Dispose()
    {
        _end.Set();
        Assert.True(_left.Wait(EngineFixture.Patience), "The pool did not run what it was occupied with.");
        _end.Dispose();
        _left.Dispose();
    }
}
