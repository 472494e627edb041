using Microsoft.AspNetCore.Connections;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Standalone;

public class StreamBytesTests
{
    [Fact]
    public async Task Write_Bytes_ArriveInOrder()
    {
        await using var pair = await StandalonePair.CreateAsync();
        var (client, server) = await pair.ConnectAsync();

        await client.WriteAsync(new byte[] { 1, 2, 3 });
        client.Write([4, 5]);
        client.WriteByte(6);
        await client.FlushAsync();
        await client.CompleteWritesAsync();

        Assert.Equal([1, 2, 3, 4, 5, 6], await StandalonePair.ReadToEndAsync(server));
    }

    [Fact]
    public async Task CopyTo_AnotherStream_ArrivesWhole()
    {
        await using var pair = await StandalonePair.CreateAsync();
        var (client, server) = await pair.ConnectAsync();
        var bytes = new byte[1_000_000];
        new Random(11).NextBytes(bytes);
        var received = StandalonePair.ReadToEndAsync(server);

        await new MemoryStream(bytes).CopyToAsync(client).WaitAsync(StandalonePair.Patience);
        await client.CompleteWritesAsync();

        Assert.Equal(bytes, await received);
    }

    [Fact]
    public async Task Read_DataAndThenTheEnd_ReturnsBytesAndThenZero()
    {
        await using var pair = await StandalonePair.CreateAsync();
        var (client, server) = await pair.ConnectAsync();
        var buffer = new byte[16];

        await client.WriteAsync("abc"u8.ToArray());
        await server.ReadExactlyAsync(buffer.AsMemory(0, 3)).AsTask().WaitAsync(StandalonePair.Patience);
        await client.CompleteWritesAsync();

        Assert.Equal("abc"u8.ToArray(), buffer[..3]);
        Assert.Equal(0, await server.ReadAsync(buffer).AsTask().WaitAsync(StandalonePair.Patience));
    }

    [Fact]
    public async Task Read_ConnectionReset_ThrowsIOException()
    {
        await using var pair = await StandalonePair.CreateAsync();
        var (client, server) = await pair.ConnectAsync();
        var read = server.ReadAsync(new byte[1]).AsTask();

        client.Abort();

        await Assert.ThrowsAsync<ConnectionResetException>(() => read.WaitAsync(StandalonePair.Patience));
    }

    [Fact]
    public async Task Finish_OneSide_LeavesTheOtherWriting()
    {
        await using var pair = await StandalonePair.CreateAsync();
        var (client, server) = await pair.ConnectAsync();

        await client.CompleteWritesAsync();
        Assert.Empty(await StandalonePair.ReadToEndAsync(server));
        await server.WriteAsync("after your end"u8.ToArray());
        await server.CompleteWritesAsync();

        Assert.Equal("after your end"u8.ToArray(), await StandalonePair.ReadToEndAsync(client));
        await Assert.ThrowsAnyAsync<Exception>(async () => await client.WriteAsync(new byte[1]));
    }
}
