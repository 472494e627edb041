using Utp.Protocol.Time;
using Utp.Simulation.Randomness;

namespace Utp.Simulation.Nodes;

/// <summary>
/// The clock of one host: an offset and a rate error against true time, which the core sees in every instant. Steps, as a time daemon or a resume
/// from suspend makes them, are kept apart, because they change the wall clock that stamps datagrams and not the monotonic clock of the timers.
/// </summary>
internal sealed class NodeClock
{
    private const long PartsPerBillion = 1_000_000_000;

    private readonly long _offsetMicros;
    private readonly long _skewPartsPerBillion;

    /// <param name="offsetMicros">The time that the clock shows at the start of the run.</param>
    /// <param name="skewPartsPerMillion">The rate error: how much faster than true time it runs.</param>
    public NodeClock(long offsetMicros = 1_000_000, double skewPartsPerMillion = 0)
    {
        _offsetMicros = offsetMicros;
        _skewPartsPerBillion = (long)(skewPartsPerMillion * 1_000);
    }

    /// <summary>
    /// Creates a clock with an arbitrary start: hosts do not agree on the time, and its low 32 bits wrap every 72 minutes.
    /// </summary>
    public static NodeClock Arbitrary(SeededRandomSource random) => new(1 + (long)(random.NextUInt64() >> 24));

    /// <summary>Sum of the steps so far; added to the 32-bit timestamp of sent packets, subtracted from that of received ones.</summary>
    public long WireStepMicros { get; set; }

    public Instant ToLocal(long nanos) => new(_offsetMicros + (ElapsedNanos(nanos) / Nanos.PerMicrosecond));

    /// <summary>Gets the first instant of true time at which the clock shows at least <paramref name="local"/>.</summary>
    public long ToTrue(Instant local)
    {
        var elapsed = (local.Micros - _offsetMicros) * Nanos.PerMicrosecond;
        if (_skewPartsPerBillion == 0)
        {
            return elapsed;
        }

        // The division truncates, and so does the clock: the answer is at most a few nanoseconds later.
        var nanos = (long)((Int128)elapsed * PartsPerBillion / (PartsPerBillion + _skewPartsPerBillion));
        while (ToLocal(nanos) < local)
        {
            nanos++;
        }

        return nanos;
    }

    private long ElapsedNanos(long nanos) =>
        _skewPartsPerBillion == 0 ? nanos : nanos + (long)((Int128)nanos * _skewPartsPerBillion / PartsPerBillion);
}
