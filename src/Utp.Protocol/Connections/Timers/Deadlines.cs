using System.Runtime.CompilerServices;
using Utp.Protocol.Sending;
using Utp.Protocol.Time;

namespace Utp.Protocol.Connections.Timers;

/// <summary>
/// The deadlines that are set and cleared by events. All others follow from the connection's state: <see cref="ConnectionCore"/> computes them
/// when it is asked.
/// </summary>
internal struct Deadlines
{
    private const int Count = 7;

    private Slots _slots;

    public Deadlines() => ((Span<Instant>)_slots).Fill(Instant.Never);

    /// <summary>When a timer falls due; <see cref="Instant.Never"/> if it is not set.</summary>
    public readonly Instant this[ConnectionTimer timer] => _slots[SlotOf(timer)];

    public readonly bool IsSet(ConnectionTimer timer) => !this[timer].IsNever;

    /// <summary>Sets when the timer falls due. <see cref="Instant.Never"/> clears it.</summary>
    public void Set(ConnectionTimer timer, Instant at) => _slots[SlotOf(timer)] = at;

    public void Clear(ConnectionTimer timer) => Set(timer, Instant.Never);

    private static int SlotOf(ConnectionTimer timer) => timer switch
    {
        ConnectionTimer.Syn => 0,
        ConnectionTimer.Linger => 1,
        ConnectionTimer.Reorder => 2,
        ConnectionTimer.WindowProbe => 3,
        ConnectionTimer.Pacing => 4,
        ConnectionTimer.WindowUpdate => 5,
        ConnectionTimer.Confirmation => 6,
        _ => throw new ArgumentOutOfRangeException(nameof(timer), timer, "The deadline of this timer is computed."),
    };

    [InlineArray(Count)]
    private struct Slots
    {
        private Instant _first;
    }
}
