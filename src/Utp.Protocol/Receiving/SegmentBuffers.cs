using System.Buffers;

namespace Utp.Protocol.Receiving;

/// <summary>
/// Buffers for segments that wait behind a gap, of all connections of one socket. The shared array pool keeps only some dozens of a size, and a single
/// loss on a fast path makes hundreds of segments wait.
/// </summary>
internal sealed class SegmentBuffers
{
    /// <summary>Fits any segment of an Ethernet path.</summary>
    private const int BufferBytes = 2_048;

    /// <summary>Maximum number of buffers kept: 2 MiB, enough for the segments of a full default receive window.</summary>
    private const int MaxKeptCount = 1_024;

    private readonly Stack<byte[]> _kept = new();

    /// <summary>
    /// Gets a buffer that is hardly more than twice as long as requested. Windows are counted in payload bytes, so tiny segments must not cost a large
    /// buffer each.
    /// </summary>
    public byte[] Rent(int length) => length switch
    {
        0 => [],
        <= BufferBytes / 2 or > BufferBytes => ArrayPool<byte>.Shared.Rent(length),
        _ => _kept.TryPop(out var buffer) ? buffer : new byte[BufferBytes],
    };

    public void Return(byte[] buffer)
    {
        if (buffer.Length == BufferBytes && _kept.Count < MaxKeptCount)
        {
            _kept.Push(buffer);
        }
        else if (buffer.Length is not 0 and not BufferBytes)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
