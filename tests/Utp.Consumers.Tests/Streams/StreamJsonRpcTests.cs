using System.Diagnostics.CodeAnalysis;
using StreamJsonRpc;

namespace Utp.Consumers.Tests.Streams;

/// <summary>StreamJsonRpc over the stream of a connection.</summary>
public sealed class StreamJsonRpcTests
{
    [Theory]
    [InlineData(Wire.Utp)]
    [InlineData(Wire.Tcp)]
    public async Task Calls_OfEachKind_Answer(Wire wire)
    {
        await using var pair = await StreamPair.ConnectAsync(wire);
        using var server = Attach(pair.Server, new Target());
        using var client = Attach(pair.Client, null);

        Assert.Equal(5, await client.InvokeAsync<int>("Add", 2, 3).WaitAsync(WebServer.Patience));
        Assert.Equal(2_000_000, (await client.InvokeAsync<string>("Repeat", "x", 2_000_000).WaitAsync(WebServer.Patience)).Length);
        var failure = await Assert.ThrowsAsync<RemoteInvocationException>(() => client.InvokeAsync("Fail").WaitAsync(WebServer.Patience));
        Assert.Equal("on purpose", failure.Message);

        using var stop = new CancellationTokenSource();
        var waiting = client.InvokeWithCancellationAsync("WaitAsync", [], stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(WebServer.Patience));

        var sums = await Task.WhenAll(Enumerable.Range(0, 200).Select(index => client.InvokeAsync<int>("Add", index, 1))).WaitAsync(WebServer.Patience);
        Assert.Equal(Enumerable.Range(1, 200), sums);
    }

    [Theory]
    [InlineData(Wire.Utp)]
    [InlineData(Wire.Tcp)]
    public async Task End_OfOneSide_CompletesTheOther(Wire wire)
    {
        await using var pair = await StreamPair.ConnectAsync(wire);
        using var server = Attach(pair.Server, new Target());
        var client = Attach(pair.Client, null);
        Assert.Equal(5, await client.InvokeAsync<int>("Add", 2, 3).WaitAsync(WebServer.Patience));

        client.Dispose();

        await server.Completion.WaitAsync(WebServer.Patience);
    }

    internal static JsonRpc Attach(Stream stream, object? target)
    {
        var rpc = new JsonRpc(new LengthHeaderMessageHandler(stream, stream, new SystemTextJsonFormatter()));
        if (target is not null)
        {
            rpc.AddLocalRpcTarget(target);
        }

        rpc.StartListening();
        return rpc;
    }

    [SuppressMessage("Performance", "CA1822", Justification = "StreamJsonRpc calls members of instances.")]
    internal sealed class Target
    {
        public int Add(int left, int right) => left + right;

        public string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));

        public void Fail() => throw new InvalidOperationException("on purpose");

        public Task WaitAsync(CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);
    }
}
