using Utp.Protocol.Time;
using Utp.Transport;

namespace Utp.Protocol.Congestion;

/// <summary>
/// Decides how many bytes of one connection may be in flight. Told of sending, acknowledgement, loss and delay; asked for a window.
/// Pure arithmetic: no clock (time is in the arguments), no allocation after construction.
/// </summary>
internal interface ICongestionController
{
    UtpCongestionControl Algorithm { get; }

    /// <summary>Bytes that may be in flight. Never below two segments, except one segment after a retransmission timeout.</summary>
    long CongestionWindowBytes { get; }

    /// <summary>Current queueing delay as the controller believes it; zero before the first sample.</summary>
    long QueueingDelayMicros { get; }

    /// <summary>What the controller takes for the round trip of the empty path; zero before the first sample.</summary>
    long BaseDelayMicros { get; }

    /// <summary>Queueing delay that the controller steers to now; zero for one that does not steer by delay.</summary>
    long TargetDelayMicros => 0;

    /// <summary>Bytes per second to pace at; zero sends whenever the window allows.</summary>
    long PacingBytesPerSecond { get; }

    /// <summary>A short, stable name of the controller's phase ("slow-start", "avoidance", "slowdown"), for traces.</summary>
    string Phase { get; }

    /// <summary>The segment size (payload bytes of a full segment) changed: path MTU found, or lost.</summary>
    void OnSegmentSize(int segmentBytes);

    /// <summary>
    /// A packet carried a timestamp difference: our clock at its receipt by the peer, seen through the peer's clock (base offset unknown, wraps).
    /// Called before <see cref="OnAcknowledged"/> for the same packet.
    /// </summary>
    void OnDelaySample(Instant now, uint timestampDifference);

    /// <summary>The same measure for the peer's packets, taken here; its falling base reveals clock drift.</summary>
    void OnPeerDelaySample(Instant now, uint timestampDifference);

    void OnAcknowledged(in AcknowledgementSample sample);

    /// <summary>Loss was detected (never for a path MTU probe). At most once per flight: the caller holds further calls until the flight at the time of the cut has been resolved.</summary>
    void OnLoss(Instant now, long flightBytes);

    /// <summary>A retransmission timeout with data in flight.</summary>
    void OnRetransmissionTimeout(Instant now, long flightBytes);

    /// <summary>The last loss or timeout turned out to be spurious: everything had arrived. The cut may be undone.</summary>
    void OnSpuriousLoss(Instant now);

    /// <summary>Sending resumes after nothing was in flight for <paramref name="idleMicros"/>.</summary>
    void OnIdle(Instant now, long idleMicros);

    /// <summary>The clock jumped (suspend and resume, a stepped peer clock): delay history is worthless.</summary>
    void OnClockStep(Instant now);
}

/// <summary>What one acknowledgement told.</summary>
internal readonly record struct AcknowledgementSample
{
    public required Instant Now { get; init; }

    /// <summary>Bytes newly acknowledged, cumulatively or selectively.</summary>
    public required long AcknowledgedBytes { get; init; }

    /// <summary>Bytes in flight before this acknowledgement.</summary>
    public required long FlightBytes { get; init; }

    /// <summary>Round trip of the newest segment acknowledged, if it was sent once; zero if there is none.</summary>
    public required long RoundTripMicros { get; init; }

    public required long SmoothedRoundTripMicros { get; init; }

    /// <summary>Smallest round trip seen on the connection; zero before the first.</summary>
    public required long MinRoundTripMicros { get; init; }

    /// <summary>Whether the congestion window, rather than the application or the peer's window, limited sending in this flight.</summary>
    public required bool IsWindowLimited { get; init; }

    /// <summary>Whether segments sent before the last cut are still unresolved.</summary>
    public required bool IsInRecovery { get; init; }
}
