using System.Buffers;

namespace Utp.Protocol.Sending;

/// <summary>
/// A view of the bytes that the driver holds for this connection. From the front, they are acknowledged and not yet released, in segments, or unsent.
/// Nothing is copied until a datagram is made. Positions are kept as (block, index), which stay valid until the bytes are released.
/// </summary>
internal struct SendBuffer
{
    private ReadOnlySequenceSegment<byte>? _block;
    private int _index;

    /// <summary>Bytes in segments that follow the acknowledged ones: at most 16,384 segments of at most 65,507 bytes.</summary>
    private int _outstandingBytes;

    public long UnsentBytes { get; private set; }

    /// <summary>Acknowledged bytes at the front, not yet released by the driver.</summary>
    public long AcknowledgedBytes { get; private set; }

    /// <summary>Bytes at the front that belong to segments, acknowledged or not.</summary>
    private readonly long SegmentedBytes => AcknowledgedBytes + _outstandingBytes;

    public void Update(in ReadOnlySequence<byte> buffered, long releasedBytes)
    {
        if (releasedBytes < 0 || releasedBytes > AcknowledgedBytes)
        {
            throw new ArgumentOutOfRangeException(nameof(releasedBytes), releasedBytes, "Only acknowledged bytes can be released.");
        }

        var unsentBytes = buffered.Length - (SegmentedBytes - releasedBytes);
        if (unsentBytes < UnsentBytes)
        {
            throw new ArgumentException("Bytes that are not acknowledged are missing from the buffer.", nameof(buffered));
        }

        AcknowledgedBytes -= releasedBytes;
        UnsentBytes = unsentBytes;
        if (SegmentedBytes == 0)
        {
            // Every byte before the position is released, and perhaps its block with it, so the position is taken anew.
            _block = null;
        }

        if (_block is null && unsentBytes > 0)
        {
            _block = buffered.Start.GetObject() as ReadOnlySequenceSegment<byte>
                ?? throw new ArgumentException("The buffer must be made of segments, as a Pipe's is.", nameof(buffered));
            _index = buffered.Start.GetInteger();
        }
    }

    /// <summary>Takes the next unsent bytes into a segment and copies them out.</summary>
    public void Take(Span<byte> destination, out BufferPosition start)
    {
        while (_index == _block!.Memory.Length && _block.Next is { } next)
        {
            // A position behind a block's last byte would outlive the block, whose bytes are released before those of the segment.
            _block = next;
            _index = 0;
        }

        start = new BufferPosition(_block, _index);
        UnsentBytes -= destination.Length;
        _outstandingBytes += destination.Length;
        Copy(ref _block!, ref _index, destination);
    }

    public void Acknowledge(int bytes)
    {
        AcknowledgedBytes += bytes;
        _outstandingBytes -= bytes;
    }

    /// <summary>Copies the bytes of an earlier segment.</summary>
    public static void CopyFrom(BufferPosition start, Span<byte> destination)
    {
        var (block, index) = (start.Block, start.Index);
        Copy(ref block, ref index, destination);
    }

    public readonly void CheckInvariants(long inFlightSegmentBytes) =>
        Invariant.Holds(_outstandingBytes == inFlightSegmentBytes, "bytes that are neither acknowledged nor unsent are in segments");

    private static void Copy(ref ReadOnlySequenceSegment<byte> block, ref int index, Span<byte> destination)
    {
        while (true)
        {
            var available = block.Memory.Span[index..];
            if (available.Length >= destination.Length)
            {
                available[..destination.Length].CopyTo(destination);
                index += destination.Length;
                return;
            }

            available.CopyTo(destination);
            destination = destination[available.Length..];
            block = block.Next!;
            index = 0;
        }
    }
}

/// <summary>The start of a segment's bytes in the driver's memory.</summary>
internal readonly record struct BufferPosition(ReadOnlySequenceSegment<byte> Block, int Index);
