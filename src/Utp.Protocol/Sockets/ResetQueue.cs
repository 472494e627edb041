using Utp.Protocol.Addresses;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Sockets;

/// <summary>
/// RESETs that wait to leave. RESETs to addresses without a connection pass a token bucket, so that forged packets cannot turn this host into a
/// reflector.
/// </summary>
internal sealed class ResetQueue(int perSecond, SocketStatistics statistics)
{
    /// <summary>Maximum number of RESETs that wait. What does not fit is not sent; the peer's own timers end its connection.</summary>
    private const int MaxQueued = 4_096;

    private readonly Queue<Entry> _queue = new();
    private readonly RecentResets _recent = new();
    private double _tokens = perSecond;
    private Instant _refilledAt;

    /// <summary>Whether no RESET was sent for the connection for a while; the caller then adds one.</summary>
    public bool MayReset(Instant now, in PeerAddress remote, ushort theirSendId)
    {
        var may = _recent.TryNote(now, remote, theirSendId);
        statistics.ResetsSuppressed += may ? 0 : 1;
        return may;
    }

    /// <summary>Adds a RESET if the rate limit permits it.</summary>
    public bool AddLimited(
        Instant now, in PeerAddress remote, in LocalAddress local, ushort connectionId, SequenceNumber sequence, SequenceNumber acknowledgement)
    {
        _tokens = Math.Min(perSecond, _tokens + ((now - _refilledAt) * (perSecond / 1e6)));
        _refilledAt = now;
        if (_tokens < 1)
        {
            statistics.ResetsSuppressed++;
            return false;
        }

        _tokens--;
        return Add(remote, local, connectionId, sequence, acknowledgement);
    }

    public bool Add(in PeerAddress remote, in LocalAddress local, ushort connectionId, SequenceNumber sequence, SequenceNumber acknowledgement)
    {
        if (_queue.Count >= MaxQueued)
        {
            statistics.ResetsSuppressed++;
            return false;
        }

        _queue.Enqueue(new Entry(remote, local, connectionId, sequence, acknowledgement));
        return true;
    }

    public bool TryWrite(Instant now, Span<byte> buffer, out Transmit transmit)
    {
        if (!_queue.TryDequeue(out var entry))
        {
            transmit = default;
            return false;
        }

        var header = new PacketHeader
        {
            Type = PacketType.Reset,
            ConnectionId = entry.ConnectionId,
            Timestamp = Math.Max(1, now.WireTimestamp),
            Sequence = entry.Sequence,
            Acknowledgement = entry.Acknowledgement,
        };
        header.Write(buffer);
        statistics.ResetsSent++;
        transmit = new Transmit(entry.Remote, PacketHeader.Size, PacketHeader.Size, AllowFragmentation: false, null) { Local = entry.Local };
        return true;
    }

    private readonly record struct Entry(PeerAddress Remote, LocalAddress Local, ushort ConnectionId, SequenceNumber Sequence, SequenceNumber Acknowledgement);
}
