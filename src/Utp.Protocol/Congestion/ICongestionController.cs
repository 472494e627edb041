using Utp.Protocol.Time;
using Utp.Transport;

namespace Utp.Protocol.Congestion;

/// <summary>
/// Decides how many bytes of one connection may be in flight. The connection reports sending, acknowledgement, loss and delay to it, and reads the
/// window. It is pure arithmetic: it has no clock (time is in the arguments), and does not allocate after construction.
/// </summary>
internal interface ICongestionController
{
    UtpCongestionControl Algorithm { get; }

    /// <summary>The maximum number of bytes in flight. Never below two segments, except one segment after a retransmission timeout.</summary>
    long CongestionWindowBytes { get; }

    /// <summary>The controller's estimate of the current queueing delay; zero before the first sample.</summary>
    long QueueingDelayMicros { get; }

    /// <summary>The controller's estimate of the round trip of the empty path; zero before the first sample.</summary>
    long BaseDelayMicros { get; }

    /// <summary>The queueing delay that the controller now aims at; zero for a controller that does not react to delay.</summary>
    long TargetDelayMicros => 0;

    /// <summary>The pacing rate in bytes per second; zero sends whenever the window allows.</summary>
    long PacingBytesPerSecond { get; }

    /// <summary>A short, stable name of the controller's phase ("slow-start", "avoidance", "slowdown"), for traces.</summary>
    string Phase { get; }

    /// <summary>
    /// Continues in place of another controller, with its window and its estimates. Called once, before anything else. Slow start goes on if the
    /// predecessor was below a window that it was returning to, or had not found one.
    /// </summary>
    void ContinueFrom(Instant now, ICongestionController predecessor);

    /// <summary>Takes a new segment size (payload bytes of a full segment), because the path MTU was found or lost.</summary>
    void OnSegmentSize(int segmentBytes);

    /// <summary>
    /// Takes the timestamp difference of a packet: the time at which the peer received ours, by its clock, minus the time at which we sent it, by
    /// our clock. The offset of the clocks is unknown, and the difference wraps. Called before <see cref="OnAcknowledged"/> for the same packet.
    /// </summary>
    void OnDelaySample(Instant now, uint timestampDifference);

    /// <summary>Takes the same difference for the peer's packets, measured here; a falling base shows clock drift.</summary>
    void OnPeerDelaySample(Instant now, uint timestampDifference);

    void OnAcknowledged(in AcknowledgementSample sample);

    /// <summary>
    /// Takes a loss (never of a path MTU probe). Called at most once per flight: the caller makes no further calls until the flight at the time of the
    /// cut has been resolved.
    /// </summary>
    void OnLoss(Instant now, long flightBytes);

    /// <summary>Takes a segment that was marked lost. Called for each one, before <see cref="OnLoss"/>.</summary>
    void OnSegmentLost(Instant now)
    {
    }

    /// <summary>Takes a retransmission timeout with data in flight.</summary>
    void OnRetransmissionTimeout(Instant now, long flightBytes);

    /// <summary>Reports that the last loss or timeout was spurious: everything had arrived. The controller may undo the cut.</summary>
    void OnSpuriousLoss(Instant now);

    /// <summary>Reports that sending resumes after nothing was in flight for <paramref name="idleMicros"/>.</summary>
    void OnIdle(Instant now, long idleMicros);

    /// <summary>Reports that a clock jumped (suspend and resume, a stepped peer clock): the delay history is invalid.</summary>
    void OnClockStep(Instant now);
}

/// <summary>The information of one acknowledgement.</summary>
internal readonly record struct AcknowledgementSample
{
    public required Instant Now { get; init; }

    /// <summary>Bytes newly acknowledged, cumulatively or selectively.</summary>
    public required long AcknowledgedBytes { get; init; }

    /// <summary>Bytes in flight before this acknowledgement.</summary>
    public required long FlightBytes { get; init; }

    /// <summary>Round trip of the newest segment acknowledged; zero if there is none or it was sent more than once.</summary>
    public required long RoundTripMicros { get; init; }

    public required long SmoothedRoundTripMicros { get; init; }

    /// <summary>Smallest round trip seen on the connection; zero before the first.</summary>
    public required long MinRoundTripMicros { get; init; }

    /// <summary>Whether the congestion window, rather than the application or the peer's window, limited sending in this flight.</summary>
    public required bool IsWindowLimited { get; init; }

    /// <summary>Whether segments sent before the last cut are still unresolved.</summary>
    public required bool IsInRecovery { get; init; }
}
