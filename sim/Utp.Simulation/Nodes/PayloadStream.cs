using System.Numerics;
using System.Runtime.InteropServices;
using Utp.Simulation.Randomness;

namespace Utp.Simulation.Nodes;

/// <summary>
/// An endless stream of bytes that depends only on a seed and on the position, so that a receiver can check every byte without keeping what was
/// sent. It repeats a random block, changed each time by a separate key, so that no two blocks are alike.
/// </summary>
internal sealed class PayloadStream
{
    private const int BlockBytes = 16 * 1024;
    private const int WordBytes = sizeof(ulong);

    private readonly byte[] _pattern = new byte[BlockBytes];
    private readonly ulong _seed;

    public PayloadStream(ulong seed)
    {
        _seed = seed;
        var random = new SeededRandomSource(seed);
        foreach (ref var word in MemoryMarshal.Cast<byte, ulong>(_pattern.AsSpan()))
        {
            word = random.NextUInt64();
        }
    }

    public void Fill(long position, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            var run = Run(position, destination.Length, out var offset, out var key);
            var pattern = _pattern.AsSpan(offset, run);
            var words = MemoryMarshal.Cast<byte, ulong>(pattern);
            var target = MemoryMarshal.Cast<byte, ulong>(destination[..run]);
            for (var i = 0; i < target.Length; i++)
            {
                target[i] = words[i] ^ key;
            }

            for (var i = target.Length * WordBytes; i < run; i++)
            {
                destination[i] = (byte)(pattern[i] ^ KeyByte(key, i));
            }

            destination = destination[run..];
            position += run;
        }
    }

    /// <summary>Gets the index of the first byte that differs from the stream; -1 if none does.</summary>
    public int FirstDifference(long position, ReadOnlySpan<byte> bytes)
    {
        var start = 0;
        while (start < bytes.Length)
        {
            var run = Run(position + start, bytes.Length - start, out var offset, out var key);
            var pattern = _pattern.AsSpan(offset, run);
            var actual = bytes.Slice(start, run);
            var difference = 0UL;
            var expectedWords = MemoryMarshal.Cast<byte, ulong>(pattern);
            var actualWords = MemoryMarshal.Cast<byte, ulong>(actual);
            for (var i = 0; i < actualWords.Length; i++)
            {
                difference |= actualWords[i] ^ expectedWords[i] ^ key;
            }

            for (var i = actualWords.Length * WordBytes; i < run; i++)
            {
                difference |= (byte)(actual[i] ^ pattern[i] ^ KeyByte(key, i));
            }

            if (difference != 0)
            {
                return start + LocateDifference(actual, pattern, key);
            }

            start += run;
        }

        return -1;
    }

    private static int LocateDifference(ReadOnlySpan<byte> actual, ReadOnlySpan<byte> pattern, ulong key)
    {
        var index = 0;
        while (actual[index] == (byte)(pattern[index] ^ KeyByte(key, index)))
        {
            index++;
        }

        return index;
    }

    private static byte KeyByte(ulong key, int index) => (byte)(key >> (8 * (index % WordBytes)));

    /// <summary>Gets the longest run from a position that stays within one block, and the block's key as it applies from there.</summary>
    private int Run(long position, int length, out int offset, out ulong key)
    {
        offset = (int)(position % BlockBytes);
        var block = (ulong)(position / BlockBytes);
        key = unchecked((_seed + block + 1) * 0x9E37_79B9_7F4A_7C15UL);
        key = BitOperations.RotateRight(key ^ (key >> 29), 8 * (offset % WordBytes));
        return Math.Min(length, BlockBytes - offset);
    }
}
