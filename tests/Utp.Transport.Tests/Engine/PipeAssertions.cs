using System.Buffers;
using System.IO.Pipelines;

namespace Utp.Transport.Tests.Engine;

/// <summary>Reads and writes whole payloads, with a limit on the time.</summary>
internal static class PipeAssertions
{
    public static byte[] Pattern(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static async Task<byte[]> ReadToEndAsync(this PipeReader reader, TimeSpan? patience = null)
    {
        var bytes = new ArrayBufferWriter<byte>();
        while (true)
        {
            var read = await reader.ReadAsync().AsTask().WaitAsync(patience ?? EngineFixture.Patience);
            foreach (var block in read.Buffer)
            {
                bytes.Write(block.Span);
            }

            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return bytes.WrittenSpan.ToArray();
            }
        }
    }

    public static async Task<byte[]> ReadExactlyAsync(this PipeReader reader, int count, TimeSpan? patience = null)
    {
        var read = await reader.ReadAtLeastAsync(count).AsTask().WaitAsync(patience ?? EngineFixture.Patience);
        Assert.True(read.Buffer.Length >= count, $"The input ended after {read.Buffer.Length} of {count} bytes.");
        var taken = read.Buffer.Slice(0, count);
        var bytes = taken.ToArray();
        reader.AdvanceTo(taken.End);
        return bytes;
    }

    /// <summary>Reads and writes back until the peer has finished.</summary>
    public static async Task EchoAsync(this IDuplexPipe transport)
    {
        while (true)
        {
            var read = await transport.Input.ReadAsync();
            foreach (var block in read.Buffer)
            {
                await transport.Output.WriteAsync(block);
            }

            transport.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }
}
