using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Connections;

// How a silent peer is told from one that is gone. Keepalives are STATEs, which no peer answers. But the host of a process that has ended answers them,
// with an ICMP report or a RESET, so the first ones of a silence leave early. Before a silent peer times out, it is asked for an answer: with DATA of a
// number that it has consumed, which every peer acknowledges at once, as it does TCP's keepalive. The times are in
// Failures/Liveness.cs (KeepAliveAt, AskAt).
internal sealed partial class ConnectionCore
{
    /// <summary>A packet that belongs to this connection arrived: the peer lives.</summary>
    private void HandleSignOfLife(Instant now)
    {
        _liveness.OnHeard(now);
        _mishaps?.Doubt?.Close();
    }

    // Deviation: libutp sends no keepalive after its FIN. A half-closed connection may wait long for the answer, and neither the NAT nor the
    // peer's idle timeout knows that it does.
    private void HandleKeepAliveDeadline()
    {
        if (!_liveness.OnKeepAliveDeadline(_segments.Count > 0))
        {
            _segments.ReleaseIfEmpty();
        }
    }

    /// <summary>
    /// Writes DATA with the last number that the peer has consumed, or the one before the first of all. Interop: libutp and libtorrent, like this
    /// implementation, drop its payload and acknowledge at once; STATEs elicit nothing from them.
    /// </summary>
    private bool TryWriteAsk(Instant now, Span<byte> buffer, out Transmit transmit)
    {
        const int Length = PacketHeader.Size + 1;
        transmit = default;
        if (!_liveness.IsAskDue)
        {
            return false;
        }

        _liveness.OnAskSent();
        HandleAskSent(now);
        WriteHeader(now, PacketType.Data, _segments.First - 1, extension: 0, buffer);
        buffer[PacketHeader.Size] = 0;
        transmit = new Transmit(Remote, Length, Length, AllowFragmentation: false, this);
        return true;
    }
}
