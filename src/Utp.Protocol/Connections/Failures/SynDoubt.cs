using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Connections.Failures;

/// <summary>
/// The doubt whether the peer still exists, after a SYN came for an established connection. The SYN may be a late copy of the first one, a forgery,
/// or a request of a new process at the same port.
/// </summary>
internal sealed class SynDoubt
{
    /// <summary>Number of requests for an answer to a peer whose successor seems to have come, and the time between them.</summary>
    private const int Asks = 3;
    private const long AskMicros = 800_000;

    /// <summary>SYNs closer together than this are copies of one.</summary>
    private const long MinSynSpacingMicros = 1_000_000;

    /// <summary>The silence of the old peer after which another SYN is believed. libutp's second SYN comes after 3 s.</summary>
    private const long SilenceMicros = 2_500_000;

    /// <summary>A doubt ends this long after the last SYN. libutp gives up its request after 21 s.</summary>
    private const long LifetimeMicros = 25_000_000;

    /// <summary>libutp takes a STATE for its SYN-ACK if it acknowledges its SYN or one of the four numbers before; a few more do no harm.</summary>
    public const int SynAckSlack = 8;

    private byte _asksLeft;
    private Instant _since;
    private Instant _lastSynAt;
    private Instant _lastAskAt;
    private Instant _nextAskAt;

    /// <summary>False once a packet of the old peer has come.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>The number of the SYN.</summary>
    public SequenceNumber Number { get; private set; }

    /// <summary>When the peer is asked next or, after the last request, when the doubt ends.</summary>
    public Instant Deadline => !IsOpen ? Instant.Never : _asksLeft > 0 ? _nextAskAt : ExpiresAt;

    /// <summary>The number to acknowledge instead of one that the new process would take for a SYN-ACK.</summary>
    public SequenceNumber HarmlessAcknowledgement => Number - (SynAckSlack + 1);

    public bool HasAsksLeft => _asksLeft > 0;

    private Instant ExpiresAt => _lastSynAt + LifetimeMicros;

    /// <summary>Whether a SYN that arrives now is a copy of the last one.</summary>
    public bool IsCopy(Instant now) => now - _lastSynAt < MinSynSpacingMicros && _lastSynAt > Instant.Zero;

    /// <summary>
    /// Takes a SYN that is no copy. Returns true when the peer has been asked, and has been silent for long enough, since the first SYN with this
    /// number: it is gone.
    /// </summary>
    public bool OnSyn(Instant now, SequenceNumber number, long timeoutMicros)
    {
        if (!IsOpen || Number != number)
        {
            IsOpen = true;
            Number = number;
            AskAgain(now);
        }
        else if (_asksLeft == 0 && now - _since >= SilenceMicros && now - _lastAskAt >= Math.Max(AskMicros, timeoutMicros))
        {
            return true;
        }

        _lastSynAt = now;
        return false;
    }

    /// <summary>A packet of the old peer came.</summary>
    public void Close() => IsOpen = false;

    /// <summary>Begins the requests again: nothing that happened before proves anything.</summary>
    public void AskAgain(Instant now)
    {
        _since = now;
        _asksLeft = Asks;
        _nextAskAt = now;
    }

    /// <summary>Whether the new process would take an acknowledgement of this number for its SYN-ACK.</summary>
    public bool IsMistakenForSynAck(SequenceNumber acknowledgement) => (acknowledgement - Number) is <= 0 and >= -SynAckSlack;

    public bool HasExpired(Instant now) => now >= ExpiresAt;

    /// <summary>Asks nothing until the doubt ends.</summary>
    public void Postpone() => _nextAskAt = ExpiresAt;

    /// <summary>A request for an answer is due; it may have to wait for a channel that would block.</summary>
    public void OnAskDue(Instant now) => _nextAskAt = now + AskMicros;

    public void OnAskSent(Instant now)
    {
        _asksLeft--;
        _lastAskAt = now;
        _nextAskAt = now + AskMicros;
    }
}
