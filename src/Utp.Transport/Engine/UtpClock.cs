using Utp.Protocol.Time;

namespace Utp.Transport.Engine;

/// <summary>A <see cref="TimeProvider"/>'s monotonic clock in the core's unit.</summary>
internal sealed class UtpClock(TimeProvider timeProvider)
{
    // Off zero, so that the first wire timestamps are not 0, which peers read as "no sample".
    private const long Origin = 1_000_000;
    private readonly long _start = timeProvider.GetTimestamp();
    private readonly double _microsPerTick = 1e6 / timeProvider.TimestampFrequency;

    public TimeProvider TimeProvider { get; } = timeProvider;

    public Instant Now => new(Origin + (long)((TimeProvider.GetTimestamp() - _start) * _microsPerTick));
}
