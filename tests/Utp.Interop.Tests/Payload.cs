using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Utp.Interop.Tests;

/// <summary>
/// A stream of pseudo-random bytes that depends on the seed alone: xorshift32, four little-endian bytes per step. The peer generates the same stream
/// (peer/payload.js), so both ends know what must arrive without another channel than the connection under test.
/// </summary>
internal sealed class PayloadSource(uint seed)
{
    private uint _state = seed == 0 ? 1 : seed;
    private uint _word;
    private int _wordBytes;

    public static string Sha256Of(uint seed, long bytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var source = new PayloadSource(seed);
        var block = new byte[64 * 1024];
        for (var left = bytes; left > 0;)
        {
            var part = block.AsSpan(0, (int)Math.Min(block.Length, left));
            source.Fill(part);
            hash.AppendData(part);
            left -= part.Length;
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Writes the next bytes of the stream.</summary>
    public void Fill(Span<byte> destination)
    {
        while (destination.Length > 0 && _wordBytes > 0)
        {
            TakeByte(ref destination);
        }

        while (destination.Length >= 4)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(destination, Next());
            destination = destination[4..];
        }

        while (destination.Length > 0)
        {
            if (_wordBytes == 0)
            {
                _word = Next();
                _wordBytes = 4;
            }

            TakeByte(ref destination);
        }
    }

    private void TakeByte(ref Span<byte> destination)
    {
        destination[0] = (byte)_word;
        destination = destination[1..];
        _word >>= 8;
        _wordBytes--;
    }

    private uint Next()
    {
        _state ^= _state << 13;
        _state ^= _state >> 17;
        _state ^= _state << 5;
        return _state;
    }
}
