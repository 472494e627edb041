using System.Runtime.InteropServices;
using Utp.Protocol.Time;

namespace Utp.Protocol.Connections.Failures;

/// <summary>A system that refuses to send (EPERM, ENETUNREACH): since when, and when the next attempt is made.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct SendRefusal
{
    /// <summary>The pause between attempts to send while the system refuses them. No packet leaves the host meanwhile.</summary>
    private const long PaceMicros = 500_000;

    /// <summary>The time since which every attempt has been refused.</summary>
    private Instant _since;
    private Instant _lastAt;

    /// <summary>When sending is tried again; zero if the last train was not refused.</summary>
    public Instant Until { get; private set; }

    public readonly bool IsActive => Until > Instant.Zero;

    public void OnRefused(Instant now)
    {
        if (now - _lastAt > 4 * PaceMicros)
        {
            _since = now;
        }

        _lastAt = now;
        Until = now + PaceMicros;
    }

    public void OnRetry() => Until = Instant.Zero;

    /// <summary>The peer acknowledged something: packets leave.</summary>
    public void OnProgress(Instant now) => _since = now;

    public readonly bool HasLasted(Instant now, long micros) => now - _since >= micros;
}
