namespace Utp.Transport.Datagrams;

/// <summary>Pauses where the system gives nothing to wait for. Used by one thread.</summary>
internal struct BackOff
{
    /// <summary>Consecutive errors without a datagram after which receiving slows down, so that a broken socket does not burn a processor.</summary>
    private const int ErrorsBeforePause = 64;

    private static readonly TimeSpan ErrorPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan ShortagePause = TimeSpan.FromMilliseconds(1);

    private int _errorStreak;

    /// <summary>A socket out of buffers (ENOBUFS) is still called writable: time is what to wait for.</summary>
    public static void PauseForBuffers(TimeSpan limit) => Thread.Sleep(limit < ShortagePause ? limit : ShortagePause);

    public void Reset() => _errorStreak = 0;

    public void PauseAfterError()
    {
        if (++_errorStreak > ErrorsBeforePause)
        {
            Thread.Sleep(ErrorPause);
        }
    }
}
