using System.Runtime.InteropServices;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Connections.Opening;

/// <summary>The ids and numbers that the handshake agrees on, and the attempts that lead to them.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct Handshake
{
    /// <summary>The time to wait for an answer to the first SYN. It doubles with each SYN. libutp waits 3 s, but a SYN costs only 20 bytes.</summary>
    private const long FirstWaitMicros = 1_000_000;
    private const long MaxWaitMicros = 8_000_000;

    /// <summary>
    /// Maximum number of confirmations that the initiator repeats while it hears nothing: if the first one is lost, the acceptor may not send.
    /// </summary>
    private const int ConfirmationRepeats = 3;
    private const long ConfirmationMicros = 500_000;

    /// <summary>SYNs that may still be answered; null after the handshake, and on the side that accepts.</summary>
    private List<SynAttempt>? _attempts;
    private byte _confirmationsLeft;

    /// <summary>The id in packets from the peer.</summary>
    public ushort ReceiveId { get; private set; }

    /// <summary>The id in packets to the peer.</summary>
    public ushort SendId { get; private set; }

    /// <summary>The number of the peer's SYN, on the side that accepts.</summary>
    public SequenceNumber SynSequence { get; private set; }

    /// <summary>The number of this side's first segment.</summary>
    public SequenceNumber InitialSequence { get; private set; }

    /// <summary>Whether a SYN or a SYN-ACK waits to leave.</summary>
    public bool IsPacketDue { get; private set; }

    public readonly int AttemptCount => _attempts?.Count ?? 0;

    public readonly ReadOnlySpan<SynAttempt> Attempts => CollectionsMarshal.AsSpan(_attempts);

    /// <summary>The time to wait before the next SYN, without jitter.</summary>
    public readonly long WaitMicros => Math.Min(MaxWaitMicros, FirstWaitMicros << Math.Clamp(AttemptCount - 1, 0, 10));

    /// <summary>Whether a SYN with this id and this number may still be answered.</summary>
    public readonly bool IsAttempt(ushort receiveId, SequenceNumber sequence) =>
        IndexOf(receiveId) is >= 0 and var index && _attempts![index].Sequence == sequence;

    public readonly bool HasAttempt(SequenceNumber sequence) => _attempts?.Exists(a => a.Sequence == sequence) ?? false;

    /// <summary>The attempt that uses this receive id; -1 for none.</summary>
    public readonly int IndexOf(ushort receiveId) => _attempts?.FindIndex(a => a.ReceiveId == receiveId) ?? -1;

    /// <summary>A SYN arrived that opens this connection.</summary>
    public void OnSyn(in PacketHeader syn, SequenceNumber initialSequence)
    {
        ReceiveId = unchecked((ushort)(syn.ConnectionId + 1));
        SendId = syn.ConnectionId;
        SynSequence = syn.Sequence;
        InitialSequence = initialSequence;
    }

    public void AddAttempt(SynAttempt attempt)
    {
        (_attempts ??= new(1)).Add(attempt);
        IsPacketDue = true;
    }

    /// <summary>The peer answered one of the attempts. The others are forgotten.</summary>
    public void OnAnswered(SynAttempt attempt)
    {
        ReceiveId = attempt.ReceiveId;
        SendId = unchecked((ushort)(attempt.ReceiveId + 1));
        InitialSequence = attempt.Sequence + 1;
        IsPacketDue = false;
        _attempts = null;
    }

    public void RequirePacket() => IsPacketDue = true;

    public void OnPacketSent() => IsPacketDue = false;

    /// <summary>The peer confirmed: no SYN-ACK is needed any more.</summary>
    public void OnConfirmed() => IsPacketDue = false;

    public void ForgetAttempts() => _attempts = null;

    /// <summary>Starts to repeat the confirmation; returns when the first repetition is due.</summary>
    public Instant StartConfirming(Instant now)
    {
        _confirmationsLeft = ConfirmationRepeats;
        return now + ConfirmationMicros;
    }

    /// <summary>A confirmation is repeated; returns when the next one is due.</summary>
    public Instant OnConfirmationRepeated(Instant now)
    {
        _confirmationsLeft--;
        return _confirmationsLeft > 0 ? now + (ConfirmationMicros << (ConfirmationRepeats - _confirmationsLeft)) : Instant.Never;
    }
}

/// <summary>One SYN: the id on which an answer would arrive, and its number.</summary>
internal readonly record struct SynAttempt(ushort ReceiveId, SequenceNumber Sequence);
