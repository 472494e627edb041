namespace Utp.Transport.Datagrams;

/// <summary>Pauses where the system offers nothing to wait for. One thread uses it.</summary>
internal struct BackOff
{
    /// <summary>Number of consecutive errors without a datagram after which receiving slows down, so that a broken socket does not burn a processor.</summary>
    private const int ErrorsBeforePause = 64;

    private static readonly TimeSpan ErrorPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan ShortagePause = TimeSpan.FromMilliseconds(1);

    private int _errorStreak;

    /// <summary>Sleeps, because a socket that is out of buffers (ENOBUFS) is still reported as writable.</summary>
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
