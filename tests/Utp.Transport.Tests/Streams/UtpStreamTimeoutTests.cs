using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Utp.Transport.Tests.Engine;

#pragma warning disable CA1849, CA2022, xUnit1031 // The blocking calls are what is tested.

namespace Utp.Transport.Tests.Streams;

/// <summary>Timeouts of the blocking calls, as <see cref="NetworkStream"/> has them.</summary>
public sealed class UtpStreamTimeoutTests
{
    private static readonly TimeSpan Patience = EngineFixture.Patience;

    [Fact]
    public async Task Timeouts_ByDefault_AreInfinite()
    {
        await using var fixture = new EngineFixture();
        var (client, _) = await fixture.ConnectPairAsync();
        await using var stream = client.AsUtpStream();

        Assert.True(stream.CanTimeout);
        Assert.Equal(Timeout.Infinite, stream.ReadTimeout);
        Assert.Equal(Timeout.Infinite, stream.WriteTimeout);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-2)]
    [InlineData(int.MinValue)]
    public async Task Timeouts_NeitherPositiveNorInfinite_AreRejected(int value)
    {
        await using var fixture = new EngineFixture();
        var (client, _) = await fixture.ConnectPairAsync();
        await using var stream = client.AsUtpStream();
        (stream.ReadTimeout, stream.WriteTimeout) = (5, 6);

        Assert.Throws<ArgumentOutOfRangeException>(() => stream.ReadTimeout = value);
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.WriteTimeout = value);

        Assert.Equal((5, 6), (stream.ReadTimeout, stream.WriteTimeout));
        (stream.ReadTimeout, stream.WriteTimeout) = (Timeout.Infinite, Timeout.Infinite);
    }

    [Fact]
    public async Task Read_NothingArrives_TimesOutAndCanBeRepeated()
    {
        await using var fixture = new EngineFixture();
        var (client, server) = await fixture.ConnectPairAsync();
        await using var stream = client.AsUtpStream();
        await using var other = server.AsUtpStream();
        stream.ReadTimeout = 50;
        var buffer = new byte[10];
        for (var i = 0; i < 3; i++)
        {
            var watch = Stopwatch.StartNew();
            var error = Assert.Throws<IOException>(() => i == 0 ? stream.Read(buffer, 0, 10) : i == 1 ? stream.Read(buffer.AsSpan()) : stream.ReadByte());
            Assert.Equal(SocketError.TimedOut, Assert.IsType<SocketException>(error.InnerException).SocketErrorCode);
            Assert.True(watch.ElapsedMilliseconds >= 45, $"After {watch.ElapsedMilliseconds} ms.");
        }

        stream.ReadTimeout = (int)Patience.TotalMilliseconds;
        var write = Task.Run(() => other.Write("late"u8));

        Assert.Equal(4, stream.ReadAtLeast(buffer, 4));
        Assert.Equal("late"u8.ToArray(), buffer[..4]);
        await write.WaitAsync(Patience);
    }

    [Fact]
    public async Task ReadAsync_DoesNotTimeOut()
    {
        await using var fixture = new EngineFixture();
        var (client, server) = await fixture.ConnectPairAsync();
        await using var stream = client.AsUtpStream();
        await using var other = server.AsUtpStream();
        stream.ReadTimeout = 1;
        var read = stream.ReadAsync(new byte[10]).AsTask();
        await Task.Delay(100);
        Assert.False(read.IsCompleted);

        await other.WriteAsync("x"u8.ToArray());

        Assert.Equal(1, await read.WaitAsync(Patience));
    }

    [Fact]
    public async Task Write_PeerTakesNothing_TimesOutAndSendsTheRestWhenItDoes()
    {
        await using var fixture = new EngineFixture(options => (options.SendBufferSize, options.ReceiveBufferSize) = (64 * 1024, 64 * 1024));
        var (client, server) = await fixture.ConnectPairAsync();
        await using var stream = client.AsUtpStream();
        await using var other = server.AsUtpStream();
        stream.WriteTimeout = 100;

        var error = Assert.Throws<IOException>(() => stream.Write(new byte[1_000_000]));

        Assert.Equal(SocketError.TimedOut, Assert.IsType<SocketException>(error.InnerException).SocketErrorCode);
        stream.WriteTimeout = Timeout.Infinite;
        var received = new MemoryStream();
        var copy = other.CopyToAsync(received);
        stream.Write("end"u8);
        await stream.DisposeAsync();
        await copy.WaitAsync(Patience);
        Assert.Equal("end"u8.ToArray(), received.ToArray()[^3..]);
        Assert.InRange(received.Length, 64 * 1024, 1_000_000);
    }

    [Fact]
    public async Task Dispose_WhileAReadBlocks_EndsIt()
    {
        await using var fixture = new EngineFixture();
        var (client, _) = await fixture.ConnectPairAsync();
        var stream = client.AsUtpStream();
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var read = Task.Factory.StartNew(
            () =>
            {
                started.SetResult();
                return Record.Exception(() => stream.Read(new byte[1]));
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        await started.Task.WaitAsync(Patience);
        await Task.Delay(50);

        await stream.DisposeAsync().AsTask().WaitAsync(Patience);

        Assert.IsType<ObjectDisposedException>(await read.WaitAsync(Patience));
    }

    [Fact]
    public async Task Abort_WhileCallsBlock_EndsThem()
    {
        await using var fixture = new EngineFixture(options => (options.SendBufferSize, options.ReceiveBufferSize) = (64 * 1024, 64 * 1024));
        var (client, _) = await fixture.ConnectPairAsync();
        await using var stream = client.AsUtpStream();
        var read = StartAsync(() => stream.Read(new byte[1]));
        var write = StartAsync(() => stream.Write(new byte[1_000_000]));
        await Task.Delay(50);

        client.Abort();

        Assert.IsAssignableFrom<IOException>(await read.WaitAsync(Patience));
        Assert.IsAssignableFrom<IOException>(await write.WaitAsync(Patience));

        static Task<Exception?> StartAsync(Action action) => Task.Factory.StartNew(
            () => Record.Exception(action), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)!;
    }
}
