using System.Runtime.InteropServices;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Receiving;

/// <summary>
/// Puts received segments in order: the next number expected, the segments held ahead of it, and those that became in order when a gap was filled
/// and wait to be taken.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal struct Reassembly(SequenceNumber next)
{
    /// <summary>Null until a segment arrives out of order.</summary>
    private ReorderBuffer? _held;

    /// <summary>The buffer of the segment that was taken last. It goes back when the next one is taken.</summary>
    private byte[]? _lentBuffer;
    private SequenceNumber _readyNext;
    private ushort _readyCount;

    /// <summary>The next number expected: everything before it was received.</summary>
    public SequenceNumber Next { get; private set; } = next;

    /// <summary>The newest number to acknowledge.</summary>
    public readonly SequenceNumber Acknowledgement => Next - 1;

    /// <summary>Payload bytes held out of order, or in order and not yet taken.</summary>
    public readonly long HeldBytes => _held?.Bytes ?? 0;

    /// <summary>Whether segments are held ahead of the next number.</summary>
    public readonly bool HasHeld => _held is { Count: > 0 };

    /// <summary>Whether there is a gap to describe to the peer.</summary>
    public readonly bool HasGap => HasHeld && _readyCount == 0;

    public readonly bool Contains(SequenceNumber number) => _held?.Contains(Next, number) ?? false;

    /// <summary>Whether a segment beyond this number is held.</summary>
    public readonly bool HoldsBeyond(SequenceNumber number) => HasHeld && _held!.Highest > number;

    /// <summary>Holds a copy of a segment that is ahead of the next number and not held yet.</summary>
    public void Hold(SequenceNumber number, ReadOnlySpan<byte> payload, SegmentBuffers buffers)
    {
        _held ??= new ReorderBuffer(buffers);
        _held.Add(Next, number, payload);
    }

    /// <summary>The next segment arrived. What was held behind it is in order now, and waits to be taken.</summary>
    public void Advance()
    {
        Next += 1;
        if (!HasHeld)
        {
            return;
        }

        Invariant.Holds(_readyCount == 0, "ready segments are taken before the next datagram");
        _readyNext = Next;
        while (_readyCount < _held!.Count && _held.Contains(_readyNext, Next))
        {
            Next += 1;
            _readyCount++;
        }
    }

    /// <summary>Takes the next ready segment with a payload. The payload is valid until the next call.</summary>
    public bool TryTakeReady(SegmentBuffers buffers, out ReadOnlySpan<byte> payload)
    {
        ReturnLentBuffer(buffers);
        while (_readyCount > 0)
        {
            _readyCount--;
            var taken = _held!.TryTake(_readyNext, out var buffer, out var length);
            Invariant.Holds(taken, "a ready segment is held");
            _readyNext += 1;
            if (length > 0)
            {
                _lentBuffer = buffer;
                payload = buffer.AsSpan(0, length);
                return true;
            }
        }

        payload = default;
        return false;
    }

    /// <summary>Writes the selective acknowledgement of what is held; returns its length.</summary>
    public readonly int WriteMask(Span<byte> mask) => _held!.WriteMask(Next, mask);

    /// <summary>Gives all buffers back.</summary>
    public void Release(SegmentBuffers buffers)
    {
        ReturnLentBuffer(buffers);
        _held?.Clear();
        _held = null;
        _readyCount = 0;
    }

    /// <summary>Derives the counters anew, and throws if they differ.</summary>
    public readonly void CheckInvariants()
    {
        if (_readyCount == 0)
        {
            _held?.CheckInvariants(Next);
        }
    }

    private void ReturnLentBuffer(SegmentBuffers buffers)
    {
        if (_lentBuffer is { } buffer)
        {
            _lentBuffer = null;
            buffers.Return(buffer);
        }
    }
}
