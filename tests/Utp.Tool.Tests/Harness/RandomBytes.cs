using System.Security.Cryptography;

namespace Utp.Tool.Tests.Harness;

/// <summary>Bytes that follow from a seed, however many.</summary>
internal static class RandomBytes
{
    private const int BlockBytes = 1024 * 1024;

    public static byte[] Create(int size, int seed)
    {
        var bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Writes them and ends the stream.</summary>
    /// <returns>Their SHA-256.</returns>
    public static async Task<string> WriteAsync(Stream stream, long size, int seed)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var random = new Random(seed);
        var block = new byte[BlockBytes];
        for (var left = size; left > 0; left -= BlockBytes)
        {
            random.NextBytes(block);
            var part = block.AsMemory(0, (int)Math.Min(left, BlockBytes));
            hash.AppendData(part.Span);
            await stream.WriteAsync(part);
        }

        await stream.DisposeAsync();
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>Reads a stream to its end.</summary>
    /// <returns>The length and the SHA-256.</returns>
    public static async Task<(long Size, string Hash)> ReadAsync(Stream stream)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = new byte[BlockBytes];
        var size = 0L;
        int count;
        while ((count = await stream.ReadAsync(block)) > 0)
        {
            hash.AppendData(block, 0, count);
            size += count;
        }

        return (size, Convert.ToHexString(hash.GetHashAndReset()));
    }
}
