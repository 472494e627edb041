using Microsoft.AspNetCore.Connections;
using Utp.Transport.Tests.Engine;
using static Utp.Transport.Tests.Engine.PipeAssertions;

#pragma warning disable CA1835, CA2022 // Every overload is called on purpose, and what a call returns is what is tested.

namespace Utp.Transport.Tests.Streams;

public sealed class UtpStreamTests
{
    private static readonly TimeSpan Patience = EngineFixture.Patience;

    public enum StreamCall
    {
        Memory,
        ArrayTask,
        SyncArray,
        SyncSpan,
        Apm,
        ByteByByte,
    }

    public static TheoryData<StreamCall, int> CallsAndSizes()
    {
        var data = new TheoryData<StreamCall, int>();
        foreach (var call in Enum.GetValues<StreamCall>())
        {
            data.Add(call, 1);
            data.Add(call, 42);
            data.Add(call, 10 * 1024);
            if (call != StreamCall.ByteByByte)
            {
                data.Add(call, 3 * 1024 * 1024);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(CallsAndSizes))]
    public async Task EveryCall_EverySize_Arrives(StreamCall call, int size)
    {
        await using var streams = await StreamPair.CreateAsync();
        var payload = Pattern(size);
        var received = new byte[size + 2];

        var write = Task.Run(() => WriteAllAsync(streams.Client, call, payload));
        var read = Task.Run(() => ReadAllAsync(streams.Server, call, received, size));
        await Task.WhenAll(write, read).WaitAsync(Patience);

        // The bytes around the requested range stay as they were.
        Assert.Equal(payload, received[1..^1]);
        Assert.Equal((0, 0), (received[0], received[^1]));
    }

    [Fact]
    public async Task BothDirections_AtOnce_ForManyMessages()
    {
        await using var streams = await StreamPair.CreateAsync();
        var payload = Pattern(2_000_000);
        var (atServer, atClient) = (new byte[payload.Length], new byte[payload.Length]);

        await Task.WhenAll(
            streams.Client.WriteAsync(payload).AsTask(),
            streams.Server.WriteAsync(payload).AsTask(),
            streams.Server.ReadExactlyAsync(atServer).AsTask(),
            streams.Client.ReadExactlyAsync(atClient).AsTask()).WaitAsync(Patience);

        Assert.Equal(payload, atServer);
        Assert.Equal(payload, atClient);
    }

    [Fact]
    public async Task Read_Zero_WaitsForDataAndTakesNone()
    {
        await using var streams = await StreamPair.CreateAsync();
        var zero = streams.Server.ReadAsync(Memory<byte>.Empty).AsTask();
        await Task.Delay(50);
        Assert.False(zero.IsCompleted);

        await streams.Client.WriteAsync("data"u8.ToArray());

        Assert.Equal(0, await zero.WaitAsync(Patience));
        Assert.Equal(0, await streams.Server.ReadAsync(Memory<byte>.Empty).AsTask().WaitAsync(Patience));
        var buffer = new byte[10];
        Assert.Equal(4, await streams.Server.ReadAsync(buffer).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task Write_Zero_IsHarmless()
    {
        await using var streams = await StreamPair.CreateAsync();

        await streams.Client.WriteAsync(ReadOnlyMemory<byte>.Empty);
        streams.Client.Write([]);
        await streams.Client.FlushAsync();
        streams.Client.Flush();
        await streams.Client.WriteAsync("x"u8.ToArray());

        Assert.Equal('x', streams.Server.ReadByte());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_AfterTheEnd_IsZeroForEver(bool dataFirst)
    {
        await using var streams = await StreamPair.CreateAsync();
        var buffer = new byte[10];
        if (dataFirst)
        {
            await streams.Client.WriteAsync("data"u8.ToArray());
        }

        await streams.Client.DisposeAsync();

        Assert.Equal(dataFirst ? 4 : 0, await streams.Server.ReadAsync(buffer).AsTask().WaitAsync(Patience));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(0, await streams.Server.ReadAsync(buffer).AsTask().WaitAsync(Patience));
            Assert.Equal(0, streams.Server.Read(buffer));
            Assert.Equal(-1, streams.Server.ReadByte());
            Assert.Equal(0, await streams.Server.ReadAsync(Memory<byte>.Empty).AsTask().WaitAsync(Patience));
        }
    }

    [Fact]
    public async Task Read_Cancelled_LosesNothing()
    {
        await using var streams = await StreamPair.CreateAsync();
        var buffer = new byte[100];
        for (var i = 0; i < 20; i++)
        {
            using var cancel = new CancellationTokenSource();
            var read = streams.Server.ReadAsync(buffer, cancel.Token).AsTask();
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(Patience));
        }

        await streams.Client.WriteAsync("all there"u8.ToArray());

        Assert.Equal(9, await streams.Server.ReadAsync(buffer).AsTask().WaitAsync(Patience));
        Assert.Equal("all there"u8.ToArray(), buffer[..9]);
    }

    [Fact]
    public async Task Read_CancelledWhileDataArrives_LosesNothing()
    {
        await using var streams = await StreamPair.CreateAsync();
        var payload = Pattern(300_000);
        var write = streams.Client.WriteAsync(payload).AsTask();
        var received = new byte[payload.Length];
        var count = 0;
        while (count < received.Length)
        {
            using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(1));
            try
            {
                count += await streams.Server.ReadAsync(received.AsMemory(count, Math.Min(5_000, received.Length - count)), cancel.Token).AsTask()
                    .WaitAsync(Patience);
            }
            catch (OperationCanceledException)
            {
                // Try again.
            }
        }

        await write.WaitAsync(Patience);
        Assert.Equal(payload, received);
    }

    [Fact]
    public async Task Calls_CancelledBefore_DoNothing()
    {
        await using var streams = await StreamPair.CreateAsync();
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await streams.Client.ReadAsync(new byte[1], cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await streams.Client.WriteAsync(new byte[1], cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => streams.Client.FlushAsync(cancelled));
        await streams.Client.WriteAsync("x"u8.ToArray());
        Assert.Equal('x', streams.Server.ReadByte());
    }

    [Fact]
    public async Task Write_Cancelled_WhileThePeerTakesNothing_EndsTheWait()
    {
        await using var streams = await StreamPair.CreateAsync(options => (options.SendBufferSize, options.ReceiveBufferSize) = (64 * 1024, 64 * 1024));
        using var cancel = new CancellationTokenSource();
        var write = streams.Client.WriteAsync(new byte[1_000_000], cancel.Token).AsTask();

        await Task.Delay(100);
        Assert.False(write.IsCompleted);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write.WaitAsync(Patience));
    }

    [Fact]
    public async Task Write_AfterThePeerReset_ThrowsWithTheReset()
    {
        await using var streams = await StreamPair.CreateAsync();
        streams.Server.Connection.Abort();
        var reset = await Assert.ThrowsAsync<ConnectionResetException>(async () => await streams.Client.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience));
        Assert.IsAssignableFrom<IOException>(reset);

        var write = await Assert.ThrowsAsync<IOException>(async () => await streams.Client.WriteAsync(new byte[1]));

        Assert.IsType<ConnectionResetException>(write.InnerException);
        Assert.IsType<ConnectionResetException>(Assert.Throws<IOException>(() => streams.Client.Write(new byte[1])).InnerException);
    }

    [Fact]
    public async Task Read_AfterOwnAbort_ThrowsNoCancellation()
    {
        await using var streams = await StreamPair.CreateAsync();
        var pending = streams.Client.ReadAsync(new byte[1]).AsTask();

        streams.Client.Connection.Abort();

        await Assert.ThrowsAsync<IOException>(() => pending.WaitAsync(Patience));
        Assert.Throws<IOException>(() => streams.Client.Read(new byte[1]));
    }

    [Fact]
    public async Task Read_WhileAnotherIsPending_IsRejectedAndTheFirstGoesOn()
    {
        await using var streams = await StreamPair.CreateAsync();
        var first = streams.Server.ReadAsync(new byte[10]).AsTask();

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await streams.Server.ReadAsync(new byte[10]));

        await streams.Client.WriteAsync("ok"u8.ToArray());
        Assert.Equal(2, await first.WaitAsync(Patience));
        await streams.Client.WriteAsync("ok"u8.ToArray());
        Assert.Equal(2, await streams.Server.ReadAsync(new byte[10]).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task Dispose_IsIdempotentAndFinishesGracefully()
    {
        await using var streams = await StreamPair.CreateAsync();
        streams.Client.Write("bye"u8);

        streams.Client.Dispose();
        streams.Client.Dispose();
        await streams.Client.DisposeAsync();
        streams.Client.Close();

        var buffer = new byte[10];
        Assert.Equal(3, await streams.Server.ReadAsync(buffer).AsTask().WaitAsync(Patience));
        Assert.Equal(0, await streams.Server.ReadAsync(buffer).AsTask().WaitAsync(Patience));
        await EngineFixture.EventuallyAsync(() => streams.Client.Connection.ConnectionClosed.IsCancellationRequested, "the token fires, on the thread pool");
    }

    [Fact]
    public async Task Dispose_PendingRead_EndsIt()
    {
        await using var streams = await StreamPair.CreateAsync();
        var pending = streams.Client.ReadAsync(new byte[1]).AsTask();

        await streams.Client.DisposeAsync().AsTask().WaitAsync(Patience);

        var error = await Record.ExceptionAsync(() => pending.WaitAsync(Patience));
        Assert.True(error is ObjectDisposedException or IOException or null, $"{error}");
    }

    [Fact]
    public async Task Disposed_EveryCall_SaysSo()
    {
        await using var streams = await StreamPair.CreateAsync();
        var stream = streams.Client;
        await stream.DisposeAsync();

        Assert.False(stream.CanRead);
        Assert.False(stream.CanWrite);
        Assert.Throws<ObjectDisposedException>(() => stream.Read(new byte[1]));
        Assert.Throws<ObjectDisposedException>(() => stream.ReadByte());
        Assert.Throws<ObjectDisposedException>(() => stream.Write(new byte[1]));
        Assert.Throws<ObjectDisposedException>(stream.Flush);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await stream.ReadAsync(new byte[1]));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await stream.WriteAsync(new byte[1]));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => stream.FlushAsync());
    }

    [Fact]
    public async Task Arguments_AreChecked()
    {
        await using var streams = await StreamPair.CreateAsync();
        var stream = streams.Client;

        Assert.Throws<ArgumentNullException>(() => new UtpStream(null!));
        Assert.Throws<ArgumentNullException>(() => stream.Read(null!, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Read(new byte[1], -1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Write(new byte[1], 0, 2));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await stream.WriteAsync(new byte[1], 1, 1));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await stream.ReadAsync(null!, 0, 0));
        Assert.False(stream.CanSeek);
        Assert.True(stream.CanTimeout);
        Assert.Throws<NotSupportedException>(() => stream.Length);
        Assert.Throws<NotSupportedException>(() => stream.Position);
        Assert.Throws<NotSupportedException>(() => stream.Position = 0);
        Assert.Throws<NotSupportedException>(() => stream.Seek(0, SeekOrigin.Begin));
        Assert.Throws<NotSupportedException>(() => stream.SetLength(0));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    [InlineData(1_048_576)]
    public async Task CopyTo_BothWays_CopiesAll(int size)
    {
        await using var streams = await StreamPair.CreateAsync();
        var payload = Pattern(size);
        using var asynchronously = new MemoryStream();

        var copy = streams.Server.CopyToAsync(asynchronously);
        await new MemoryStream(payload).CopyToAsync(streams.Client).WaitAsync(Patience);
        await streams.Client.DisposeAsync();
        await copy.WaitAsync(Patience);

        Assert.Equal(payload, asynchronously.ToArray());
    }

    [Fact]
    public async Task Parallel_TwentyPairs_StayApart()
    {
        var pairs = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => StreamPair.CreateAsync()));
        try
        {
            await Task.WhenAll(pairs.Select(async (pair, index) =>
            {
                var payload = Pattern(50_000, index + 1);
                var received = new byte[payload.Length];
                await Task.WhenAll(pair.Client.WriteAsync(payload).AsTask(), pair.Server.ReadExactlyAsync(received).AsTask());
                Assert.Equal(payload, received);
            })).WaitAsync(Patience);
        }
        finally
        {
            foreach (var pair in pairs)
            {
                await pair.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task Read_AsyncLocals_FlowToTheContinuation()
    {
        await using var streams = await StreamPair.CreateAsync();
        var local = new AsyncLocal<int> { Value = 42 };
        var read = ReadAndLookAsync();

        await streams.Client.WriteAsync("x"u8.ToArray());

        Assert.Equal(42, await read.WaitAsync(Patience));

        async Task<int> ReadAndLookAsync()
        {
            await streams.Server.ReadAsync(new byte[1]);
            return local.Value;
        }
    }

    private static async Task WriteAllAsync(UtpStream stream, StreamCall call, byte[] payload)
    {
        switch (call)
        {
            case StreamCall.Memory:
                await stream.WriteAsync(payload.AsMemory());
                break;
            case StreamCall.ArrayTask:
                await stream.WriteAsync(payload, 0, payload.Length, CancellationToken.None);
                break;
            case StreamCall.SyncArray:
                stream.Write(payload, 0, payload.Length);
                break;
            case StreamCall.SyncSpan:
                stream.Write(payload.AsSpan());
                break;
            case StreamCall.Apm:
                await Task.Factory.FromAsync(stream.BeginWrite, stream.EndWrite, payload, 0, payload.Length, null);
                break;
            case StreamCall.ByteByByte:
                foreach (var value in payload)
                {
                    stream.WriteByte(value);
                }

                break;
        }
    }

    /// <summary>Reads into the middle of the buffer, so that a wrong offset is detected.</summary>
    private static async Task ReadAllAsync(UtpStream stream, StreamCall call, byte[] buffer, int size)
    {
        for (var count = 0; count < size;)
        {
            var (offset, room) = (1 + count, size - count);
            var read = call switch
            {
                StreamCall.Memory => await stream.ReadAsync(buffer.AsMemory(offset, room)),
                StreamCall.ArrayTask => await stream.ReadAsync(buffer, offset, room, CancellationToken.None),
                StreamCall.SyncArray => stream.Read(buffer, offset, room),
                StreamCall.SyncSpan => stream.Read(buffer.AsSpan(offset, room)),
                StreamCall.Apm => await Task<int>.Factory.FromAsync(stream.BeginRead, stream.EndRead, buffer, offset, room, null),
                _ => ReadOne(stream, buffer, offset),
            };
            Assert.True(read > 0, $"The stream ended after {count} of {size} bytes.");
            count += read;
        }
    }

    private static int ReadOne(UtpStream stream, byte[] buffer, int offset)
    {
        var value = stream.ReadByte();
        buffer[offset] = (byte)value;
        return value < 0 ? 0 : 1;
    }

    private sealed class StreamPair(EngineFixture engines, UtpStream client, UtpStream server) : IAsyncDisposable
    {
        public UtpStream Client { get; } = client;

        public UtpStream Server { get; } = server;

        public static async Task<StreamPair> CreateAsync(Action<UtpTransportOptions>? configure = null)
        {
            var engines = new EngineFixture(configure);
            var (client, server) = await engines.ConnectPairAsync();
            return new StreamPair(engines, client.AsUtpStream(), server.AsUtpStream());
        }

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await Server.DisposeAsync();
            await engines.DisposeAsync();
        }
    }
}
