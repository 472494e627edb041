using System.Runtime.InteropServices;

namespace Utp.Tool;

/// <summary>Ctrl+C (or SIGTERM): once closes gracefully, twice aborts.</summary>
internal sealed class Interruption : IDisposable
{
    /// <summary>How long an aborted command may take to return before the process ends without it.</summary>
    private static readonly TimeSpan AbortTime = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationTokenSource _aborting = new();
    private int _count;

    /// <summary>Cancelled by the first signal: finish what is open.</summary>
    public CancellationToken Closing => _closing.Token;

    /// <summary>Cancelled by the second signal: drop what is open.</summary>
    public CancellationToken Aborting => _aborting.Token;

    /// <summary>What a signal does.</summary>
    public void Signal()
    {
        if (Interlocked.Increment(ref _count) == 1)
        {
            _closing.Cancel();
        }
        else
        {
            _aborting.Cancel();
        }
    }

    /// <summary>Lets the process's signals count.</summary>
    /// <returns>Ends it.</returns>
    public IDisposable ListenToSignals() => new Registrations(this);

    public void Dispose()
    {
        _closing.Dispose();
        _aborting.Dispose();
    }

    private sealed class Registrations : IDisposable
    {
        private readonly Interruption _owner;
        private readonly PosixSignalRegistration _interrupt;
        private readonly PosixSignalRegistration _terminate;

        public Registrations(Interruption owner)
        {
            _owner = owner;
            _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
            _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        }

        public void Dispose()
        {
            _interrupt.Dispose();
            _terminate.Dispose();
        }

        private void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            _owner.Signal();
            if (_owner.Aborting.IsCancellationRequested)
            {
                // The command gets a moment to send its RESETs. If it does not return, the process ends.
                _ = Task.Delay(AbortTime).ContinueWith(static _ => Environment.Exit(ExitCode.Interrupted), TaskScheduler.Default);
            }
        }
    }
}
