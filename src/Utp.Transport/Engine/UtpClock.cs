using Utp.Protocol.Time;

namespace Utp.Transport.Engine;

/// <summary>The monotonic clock of a <see cref="TimeProvider"/>, in the core's unit.</summary>
internal sealed class UtpClock(TimeProvider timeProvider)
{
    // Not zero, so that the first timestamps on the wire are not 0, which peers read as "no sample".
    private const long Origin = 1_000_000;
    private readonly long _start = timeProvider.GetTimestamp();
    private readonly double _microsPerTick = 1e6 / timeProvider.TimestampFrequency;

    public TimeProvider TimeProvider { get; } = timeProvider;

    public Instant Now => new(Origin + (long)((TimeProvider.GetTimestamp() - _start) * _microsPerTick));
}
