using System.IO.Pipelines;
using System.Text;
using Utp.Tool.Tests.Harness;

namespace Utp.Tool.Tests.Cat;

public class CatTests
{
    private const int Size = 8 * 1024 * 1024;

    [Fact]
    public async Task Cat_BothWaysAtOnce_ArrivesWholeAndReturns0()
    {
        var (upstream, downstream) = (RandomBytes.Create(Size, 1), RandomBytes.Create(Size + 12_345, 2));
        using var received = new MemoryStream();
        using var answered = new MemoryStream();
        await using var listener = CommandRun.StartWith(new MemoryStream(downstream), received, "cat", "-l", "0", "--bind", "127.0.0.1");
        var port = await listener.PortAsync();

        await using var connector = CommandRun.StartWith(new MemoryStream(upstream), answered, "cat", "127.0.0.1", $"{port}");

        Assert.Equal(0, await connector.Exit.WaitAsync(CommandRun.Patience));
        Assert.Equal(0, await listener.Exit.WaitAsync(CommandRun.Patience));
        Assert.Equal(upstream, received.ToArray());
        Assert.Equal(downstream, answered.ToArray());
    }

    [Fact]
    public async Task Cat_InputEnds_LeavesTheOtherDirectionOpen()
    {
        var question = new Pipe();
        var answer = new Pipe();
        using var asked = new MemoryStream();
        using var answered = new MemoryStream();
        await using var listener = CommandRun.StartWith(answer.Reader.AsStream(), asked, "cat", "-l", "0", "--bind", "127.0.0.1");
        await using var connector = CommandRun.StartWith(question.Reader.AsStream(), answered, "cat", $"127.0.0.1:{await listener.PortAsync()}");

        await question.Writer.WriteAsync("question"u8.ToArray());
        await question.Writer.CompleteAsync();
        await EventuallyAsync(() => asked.Length == "question".Length);
        Assert.False(connector.Exit.IsCompleted);
        await answer.Writer.WriteAsync("answer"u8.ToArray());
        await answer.Writer.CompleteAsync();

        Assert.Equal(0, await connector.Exit.WaitAsync(CommandRun.Patience));
        Assert.Equal(0, await listener.Exit.WaitAsync(CommandRun.Patience));
        Assert.Equal("answer", Encoding.UTF8.GetString(answered.ToArray()));
    }

    [Fact]
    public async Task Cat_PeerResets_ReturnsWithoutWaitingForInput()
    {
        await using var listener = await UtpListener.BindAsync(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        var input = new Pipe();
        await using var cat = CommandRun.StartWith(input.Reader.AsStream(), Stream.Null, "cat", "127.0.0.1", $"{listener.LocalEndPoint.Port}");
        var stream = await listener.AcceptAsync().AsTask().WaitAsync(CommandRun.Patience);

        stream.Abort();

        Assert.Equal(1, await cat.Exit.WaitAsync(CommandRun.Patience));
        Assert.Contains("reset", Assert.Single(cat.Errors.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cat_Interrupted_ClosesGracefully()
    {
        await using var listener = await UtpListener.BindAsync(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        var input = new Pipe();
        await using var cat = CommandRun.StartWith(input.Reader.AsStream(), Stream.Null, "cat", "127.0.0.1", $"{listener.LocalEndPoint.Port}");
        var stream = await listener.AcceptAsync().AsTask().WaitAsync(CommandRun.Patience);
        await input.Writer.WriteAsync("typed before Ctrl+C"u8.ToArray());
        var buffer = new byte[19];
        await stream.ReadExactlyAsync(buffer).AsTask().WaitAsync(CommandRun.Patience);

        cat.Interrupt();

        Assert.Equal(0, await stream.ReadAsync(buffer).AsTask().WaitAsync(CommandRun.Patience));
        Assert.Equal(130, await cat.Exit.WaitAsync(CommandRun.Patience));
        Assert.Equal("utp: interrupted", Assert.Single(cat.Errors.Lines));
    }

    [Fact]
    public async Task CatProcess_BothWaysAtOnce_ArrivesWhole() => await ExchangeAsync(4 * 1024 * 1024);

    [LongFact]
    public async Task CatProcess_OneGibibyteBothWaysAtOnce_ArrivesWhole() => await ExchangeAsync(1024L * 1024 * 1024);

    private static async Task ExchangeAsync(long size)
    {
        await using var listener = ToolProcess.Start("cat", "-l", "0", "--bind", "127.0.0.1");
        await using var connector = ToolProcess.Start("cat", "127.0.0.1", $"{await listener.PortAsync()}");

        var sent = Task.WhenAll(RandomBytes.WriteAsync(connector.Input, size, 3), RandomBytes.WriteAsync(listener.Input, size, 4));
        var received = Task.WhenAll(RandomBytes.ReadAsync(listener.Output), RandomBytes.ReadAsync(connector.Output));
        var patience = TimeSpan.FromSeconds(120 + (size / 5_000_000.0));

        var sums = await sent.WaitAsync(patience);
        var results = await received.WaitAsync(patience);
        Assert.Equal(0, await connector.ExitAsync());
        Assert.Equal(0, await listener.ExitAsync());
        Assert.Equal((size, sums[0]), results[0]);
        Assert.Equal((size, sums[1]), results[1]);
    }

    private static async Task EventuallyAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(CommandRun.Patience);
        while (!condition())
        {
            await Task.Delay(5, limit.Token);
        }
    }
}
