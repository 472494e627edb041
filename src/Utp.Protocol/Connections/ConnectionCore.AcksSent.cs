using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Connections;

// Acknowledgements that leave without data (STATE packets). Their selective acknowledgement describes the gaps: every STATE that is sent while a gap is
// open has one, and DATA never does. Receiving/AckScheduler.cs decides when an acknowledgement leaves.
internal sealed partial class ConnectionCore
{
    /// <summary>
    /// Writes a bare acknowledgement, with a description of the gaps. After this side's FIN it is sent twice: libutp wants the number after the
    /// FIN's, libtorrent the FIN's own, and each drops the other before it can do harm.
    /// </summary>
    private bool TryWriteState(Instant now, Span<byte> buffer, out Transmit transmit)
    {
        transmit = default;
        if (!_acks.IsImmediate && !_liveness.IsKeepAliveDue)
        {
            return false;
        }

        // A keepalive acknowledges one less, but not while a gap is open: then it is an ordinary acknowledgement, which tells the peer what to repeat.
        var isKeepAlive = _liveness.IsKeepAliveDue && !_acks.IsImmediate;
        var acknowledgementOffset = isKeepAlive && !_received.HasGap ? KeepAliveOffset : 0;
        var size = PacketHeader.Size + WriteSelectiveAck(buffer[PacketHeader.Size..]);
        var extension = size > PacketHeader.Size ? ExtensionReader.SelectiveAckType : (byte)0;
        WriteHeader(now, PacketType.State, _segments.Next, extension, buffer, acknowledgementOffset);
        var length = size;
        if (_ends.IsFinSent && buffer.Length >= 2 * size)
        {
            buffer[..size].CopyTo(buffer[size..]);
            WriteHeader(now, PacketType.State, _segments.Next - 1, extension, buffer[size..], acknowledgementOffset);
            length = 2 * size;
        }

        _liveness.OnStateSent();
        _counters.OnAckSent();
        if (!isKeepAlive)
        {
            _acks.OnAcknowledgementSent();
        }

        transmit = new Transmit(Remote, length, size, AllowFragmentation: false, this) { IsUnsegmented = true };
        return true;
    }

    /// <summary>Writes the extension that describes the gaps; returns its length, zero if there are none.</summary>
    private int WriteSelectiveAck(Span<byte> destination)
    {
        // The mask is relative to the newest acknowledgement. Beside an older number it would claim the missing segment, which would never come.
        if (!_received.HasGap || HarmlessAcknowledgement(_received.Acknowledgement) != _received.Acknowledgement)
        {
            return 0;
        }

        var length = _received.WriteMask(destination[2..]);
        destination[0] = 0;
        destination[1] = (byte)length;
        return 2 + length;
    }
}
