using System.IO.Pipelines;
using Utp.Protocol.Sending;

namespace Utp.Protocol.Tests.Sending;

public sealed class SendBufferTests
{
    [Fact]
    public async Task Take_AfterTheLastByteOfABlock_StartsInTheNextBlock()
    {
        var pipe = new Pipe(new PipeOptions(minimumSegmentSize: 4_096));
        var buffer = default(SendBuffer);
        var block = pipe.Writer.GetMemory(4_096).Length;
        var expected = Enumerable.Range(0, 2 * block).Select(i => (byte)(i * 7)).ToArray();
        await pipe.Writer.WriteAsync(expected);
        pipe.Reader.TryRead(out var read);
        buffer.Update(read.Buffer, 0);
        buffer.Take(new byte[block], out _);
        var second = new byte[100];
        buffer.Take(second, out var start);

        // The first block is acknowledged, released, and serves again for something else.
        buffer.Acknowledge(block);
        var rest = read.Buffer.Slice(block);
        pipe.Reader.AdvanceTo(rest.Start);
        buffer.Update(rest, block);
        await pipe.Writer.WriteAsync(new byte[3 * block]);

        var again = new byte[100];
        SendBuffer.CopyFrom(start, again);
        Assert.Equal(expected[block..(block + 100)], second);
        Assert.Equal(second, again);
    }
}
