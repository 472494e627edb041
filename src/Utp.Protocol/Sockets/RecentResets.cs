using Utp.Protocol.Addresses;
using Utp.Protocol.Time;

namespace Utp.Protocol.Sockets;

/// <summary>
/// The connections that got a RESET a moment ago, so that each gets only one. Interop: libutp forgets a connection that was reset and closed at its
/// next tick, every 500 ms. A second RESET before that revives it as "reset": its application is never told of the end, and the socket leaks.
/// Without this table, each packet of a flight that is still on its way would draw a RESET. The table is small and fixed: a collision costs a
/// repeated RESET.
/// </summary>
internal sealed class RecentResets
{
    /// <summary>The time in which a connection gets one RESET: longer than libutp's tick, and short enough to repeat a RESET that was lost.</summary>
    private const long QuietMicros = 1_000_000;

    private const int SlotBits = 8;

    private Entry[]? _slots;

    /// <summary>Returns whether to send a RESET now, and if so remembers it.</summary>
    /// <param name="now">The current time.</param>
    /// <param name="remote">The peer.</param>
    /// <param name="theirSendId">The connection, by the id on the packets that the peer sends.</param>
    public bool TryNote(Instant now, in PeerAddress remote, ushort theirSendId)
    {
        _slots ??= new Entry[1 << SlotBits];
        ref var slot = ref _slots[SlotOf(remote, theirSendId)];
        if (slot.Remote == remote && slot.TheirSendId == theirSendId && now - slot.SentAt < QuietMicros)
        {
            return false;
        }

        slot = new Entry(remote, theirSendId, now);
        return true;
    }

    /// <summary>Hashes by multiplication with the golden ratio: the same in every process, so that a simulation can be repeated.</summary>
    private static int SlotOf(in PeerAddress remote, ushort theirSendId)
    {
        var hash = ((remote.High ^ remote.Low) * 31) + ((ulong)remote.Port << 16) + theirSendId;
        return (int)((hash * 0x9E37_79B9_7F4A_7C15) >> (64 - SlotBits));
    }

    private readonly record struct Entry(PeerAddress Remote, ushort TheirSendId, Instant SentAt);
}
