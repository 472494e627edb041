using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Connections;

// How a peer that is silent is told from one that is gone. Keepalives are STATEs, which no peer answers; but the host of a process that has
// ended does, with an ICMP report or a RESET. So the first ones of a silence leave early. Before a silent peer is given up it is asked: with a
// number that it has consumed, which every peer acknowledges at once, as TCP's keepalive is.
internal sealed partial class ConnectionCore
{
    /// <summary>Requests for an answer in one silence: after 4, 5, 6 and 7 eighths of the idle timeout.</summary>
    private const int MaxAsks = 4;

    /// <summary>The keepalives that begin a silence leave about 1, 3 and 8 s after the last exchange.</summary>
    private const int EarlyProbes = 3;
    private const long FirstProbeWaitMicros = 1_000_000;
    private const long SecondProbeWaitMicros = 2_000_000;
    private const long ThirdProbeWaitMicros = 5_000_000;

    /// <summary>Keepalives that have left early in this silence.</summary>
    private byte _earlyProbesSent;

    /// <summary>Requests for an answer since the peer was last heard.</summary>
    private byte _asksSent;

    private bool _keepAliveDue;
    private bool _askDue;

    // Deviation: libutp sends no keepalive after its FIN. A half-closed connection may wait long for the answer, and neither the NAT nor the
    // peer's idle timeout knows that it does.
    private Instant KeepAliveDeadline
    {
        get
        {
            var interval = _settings.EffectiveKeepAliveMicros;
            if (interval <= 0)
            {
                return Instant.Never;
            }

            var regular = _lastSentAt + interval;
            if (_earlyProbesSent >= EarlyProbes || _segments.Count > 0)
            {
                return regular;
            }

            // What the peer sends shows as well as an answer that it lives, so that two ends do not both probe at the same time.
            var from = _lastSentAt > _lastReceivedAt ? _lastSentAt : _lastReceivedAt;
            var wait = _earlyProbesSent switch
            {
                0 => FirstProbeWaitMicros,
                1 => SecondProbeWaitMicros,
                _ => ThirdProbeWaitMicros,
            };
            return Instant.Min(regular, from + wait);
        }
    }

    private Instant IdleDeadline => _settings.IdleTimeoutMicros > 0 ? _lastReceivedAt + _settings.IdleTimeoutMicros : Instant.Never;

    /// <summary>What is outstanding asks by itself, each time that it is sent again.</summary>
    private Instant AskDeadline => _settings.IdleTimeoutMicros <= 0 || _asksSent >= MaxAsks || _segments.Count > 0
        ? Instant.Never
        : _lastReceivedAt + (_settings.IdleTimeoutMicros / (2 * MaxAsks) * (MaxAsks + _asksSent));

    /// <summary>The peer lives: a packet came that belongs to this connection.</summary>
    private void NoteHeard(Instant now)
    {
        _lastReceivedAt = now;
        _asksSent = 0;
        if (_mishaps is { Doubt: { } doubt })
        {
            doubt.IsOpen = false;
        }
    }

    /// <summary>Payload or news of payload moved: a silence that follows is a new one.</summary>
    private void NoteExchange() => _earlyProbesSent = 0;

    private void HandleSilence(Instant now)
    {
        if (now >= KeepAliveDeadline && !_keepAliveDue)
        {
            _keepAliveDue = true;
            if (_earlyProbesSent < EarlyProbes && _segments.Count == 0)
            {
                _earlyProbesSent++;
            }
            else
            {
                _segments.ReleaseIfEmpty();
            }
        }

        if (now >= AskDeadline && !_askDue)
        {
            _askDue = true;
            _asksSent++;
        }
    }

    /// <summary>
    /// DATA with the last number that the peer has consumed, or the one before the first of all. Interop: libutp and libtorrent, like this
    /// implementation, drop its payload and acknowledge at once; STATEs elicit nothing from them.
    /// </summary>
    private bool TryWriteAsk(Instant now, Span<byte> buffer, out Transmit transmit)
    {
        const int Length = PacketHeader.Size + 1;
        transmit = default;
        if (!_askDue)
        {
            return false;
        }

        _askDue = false;
        NoteAsked(now);
        WriteHeader(now, PacketType.Data, _segments.First - 1, extension: 0, buffer);
        buffer[PacketHeader.Size] = 0;
        transmit = new Transmit(Remote, Length, Length, AllowFragmentation: false, this);
        return true;
    }
}
