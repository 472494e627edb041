namespace Utp.Transport.Tests.Engine;

/// <summary>Every thread of the pool is blocked, and stays so: the pool adds a thread or two per second, and work that blocks waits for each.</summary>
internal sealed class OccupiedThreadPool : IDisposable
{
    /// <summary>More than the pool can add threads for while a test lasts.</summary>
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

        // Behind all of them, as what a test must not depend on would be.
        ThreadPool.UnsafeQueueUserWorkItem(
            static self =>
            {
                self._ranSomething |= !self._end.IsSet;
                self._left.Signal();
            },
            this,
            preferLocal: false);

        // The pool starts threads for the first of them at once.
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
