using System.Runtime.InteropServices;
using Utp.Protocol.Time;

namespace Utp.Protocol.Connections.Failures;

/// <summary>What a connection knows about the silence of both ends, and what it owes the peer because of it.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct Liveness(Instant now)
{
    /// <summary>Maximum number of requests for an answer in one silence: after 4, 5, 6 and 7 eighths of the idle timeout.</summary>
    private const int MaxAsks = 4;

    /// <summary>Keepalives that leave early in a silence: about 1, 3 and 8 s after the last exchange.</summary>
    private const int EarlyProbes = 3;
    private const long FirstProbeWaitMicros = 1_000_000;
    private const long SecondProbeWaitMicros = 2_000_000;
    private const long ThirdProbeWaitMicros = 5_000_000;

    /// <summary>Keepalives that have left early in this silence.</summary>
    private byte _earlyProbesSent;

    /// <summary>Requests for an answer since the peer was last heard.</summary>
    private byte _asksSent;

    /// <summary>When the last packet of any kind left.</summary>
    public Instant LastSentAt { get; private set; } = now;

    /// <summary>When the last packet that belongs to the connection arrived.</summary>
    public Instant LastReceivedAt { get; private set; } = now;

    public bool IsKeepAliveDue { get; private set; }

    public bool IsAskDue { get; private set; }

    public void OnSent(Instant now) => LastSentAt = now;

    /// <summary>A packet of the handshake arrived.</summary>
    public void OnHandshakePacket(Instant now) => LastReceivedAt = now;

    /// <summary>A packet of the established connection arrived: the peer lives.</summary>
    public void OnHeard(Instant now)
    {
        LastReceivedAt = now;
        _asksSent = 0;
    }

    /// <summary>Payload or an acknowledgement of it moved: a silence that follows is a new one.</summary>
    public void OnExchange() => _earlyProbesSent = 0;

    /// <summary>When the next keepalive is due.</summary>
    /// <param name="intervalMicros">The regular interval; zero or less for no keepalives.</param>
    /// <param name="hasOutstanding">Whether segments are outstanding, which are sent again and probe the peer themselves.</param>
    public readonly Instant KeepAliveAt(long intervalMicros, bool hasOutstanding)
    {
        if (intervalMicros <= 0 || IsKeepAliveDue)
        {
            return Instant.Never;
        }

        var regular = LastSentAt + intervalMicros;
        if (_earlyProbesSent >= EarlyProbes || hasOutstanding)
        {
            return regular;
        }

        // A packet of the peer shows as well as an answer that it lives. So two ends do not both probe at the same time.
        var from = LastSentAt > LastReceivedAt ? LastSentAt : LastReceivedAt;
        var wait = _earlyProbesSent switch
        {
            0 => FirstProbeWaitMicros,
            1 => SecondProbeWaitMicros,
            _ => ThirdProbeWaitMicros,
        };
        return Instant.Min(regular, from + wait);
    }

    /// <summary>When the silence of the peer ends the connection; zero or less for an idle timeout means never.</summary>
    public readonly Instant IdleAt(long idleTimeoutMicros) => idleTimeoutMicros > 0 ? LastReceivedAt + idleTimeoutMicros : Instant.Never;

    /// <summary>When a silent peer is next asked for an answer. Outstanding segments ask by themselves, each time they are sent again.</summary>
    public readonly Instant AskAt(long idleTimeoutMicros, bool hasOutstanding) => idleTimeoutMicros <= 0 || _asksSent >= MaxAsks || hasOutstanding || IsAskDue
        ? Instant.Never
        : LastReceivedAt + (idleTimeoutMicros / (2 * MaxAsks) * (MaxAsks + _asksSent));

    /// <summary>A keepalive is due. Returns true when it is one of the early ones.</summary>
    public bool OnKeepAliveDeadline(bool hasOutstanding)
    {
        IsKeepAliveDue = true;
        if (_earlyProbesSent >= EarlyProbes || hasOutstanding)
        {
            return false;
        }

        _earlyProbesSent++;
        return true;
    }

    public void OnAskDeadline()
    {
        IsAskDue = true;
        _asksSent++;
    }

    /// <summary>Asks the peer for an answer for another reason than its silence.</summary>
    public void RequireAsk() => IsAskDue = true;

    public void OnAskSent() => IsAskDue = false;

    /// <summary>A STATE left, which also serves as a keepalive.</summary>
    public void OnStateSent() => IsKeepAliveDue = false;
}
