using Utp.Protocol.Time;

namespace Utp.Transport.Sockets;

/// <content>Changes of the limits that connections share.</content>
internal sealed partial class SocketShard
{
    private bool _ratesChanged;

    /// <summary>Makes the connections consider the limits again. Any thread.</summary>
    public void NoteRatesChanged()
    {
        Interlocked.Exchange(ref _ratesChanged, true);
        TryRun();
    }

    private void HandleRatesChanged(Instant now)
    {
        if (Volatile.Read(ref _ratesChanged))
        {
            // Cleared first, so that a change that comes meanwhile brings another turn.
            Interlocked.Exchange(ref _ratesChanged, false);
            _core.HandleRatesChanged(now);
        }
    }
}
