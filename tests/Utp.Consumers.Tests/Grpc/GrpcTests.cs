using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Utp.Consumers.Tests.Grpc;

/// <summary>Grpc.AspNetCore and Grpc.Net.Client, unmodified.</summary>
public sealed class GrpcTests
{
    private const int Large = 50_000_000;

    [Theory]
    [InlineData(Wire.Utp)]
    [InlineData(Wire.Tcp)]
    public async Task Calls_OfAllFourKinds_Answer(Wire wire)
    {
        await using var server = await StartAsync(wire);
        using var channel = Connect(server);
        var client = new Echo.EchoClient(channel);

        Assert.Equal("hello", (await client.OneAsync(Text("hello"), Limited())).Payload.ToStringUtf8());

        using var down = client.Down(new Count { Value = 1_000 }, Limited());
        var next = 0;
        await foreach (var message in down.ResponseStream.ReadAllAsync())
        {
            Assert.Equal($"{next++}", message.Payload.ToStringUtf8());
        }

        Assert.Equal(1_000, next);

        using var up = client.Up(Limited());
        for (var index = 0; index < 1_000; index++)
        {
            await up.RequestStream.WriteAsync(Text("12345"));
        }

        await up.RequestStream.CompleteAsync();
        Assert.Equal(5_000, (await up).Value);

        using var both = client.Both(Limited());
        for (var index = 0; index < 100; index++)
        {
            await both.RequestStream.WriteAsync(Text($"ping {index}"));
            Assert.True(await both.ResponseStream.MoveNext());
            Assert.Equal($"ping {index}", both.ResponseStream.Current.Payload.ToStringUtf8());
        }

        await both.RequestStream.CompleteAsync();
        Assert.False(await both.ResponseStream.MoveNext());
    }

    [Theory]
    [InlineData(Wire.Utp)]
    [InlineData(Wire.Tcp)]
    public async Task Deadline_ThatPasses_EndsBothSides(Wire wire)
    {
        await using var server = await StartAsync(wire);
        using var channel = Connect(server);

        var call = new Echo.EchoClient(channel).NeverAsync(new Message(), deadline: DateTime.UtcNow.AddMilliseconds(200)).ResponseAsync;
        var exception = await Assert.ThrowsAsync<RpcException>(() => call.WaitAsync(WebServer.Patience));

        Assert.Equal(StatusCode.DeadlineExceeded, exception.StatusCode);
    }

    [Theory]
    [InlineData(Wire.Utp)]
    [InlineData(Wire.Tcp)]
    public async Task Cancel_OfTheClient_ReachesTheServer(Wire wire)
    {
        await using var server = await StartAsync(wire);
        using var channel = Connect(server);
        using var stop = new CancellationTokenSource();
        var abandoned = server.App.Services.GetRequiredService<Abandoned>();

        var call = new Echo.EchoClient(channel).NeverAsync(new Message(), cancellationToken: stop.Token).ResponseAsync;
        await abandoned.Entered.Task.WaitAsync(WebServer.Patience);
        await stop.CancelAsync();
        var exception = await Assert.ThrowsAsync<RpcException>(() => call.WaitAsync(WebServer.Patience));

        Assert.Equal(StatusCode.Cancelled, exception.StatusCode);
        await abandoned.Cancelled.Task.WaitAsync(WebServer.Patience);
    }

    [Theory]
    [InlineData(Wire.Utp)]
    [InlineData(Wire.Tcp)]
    public async Task Message_Of50MB_ComesBackUnchanged(Wire wire)
    {
        await using var server = await StartAsync(wire);
        using var channel = Connect(server);
        var sent = new byte[Large];
        new Random(1).NextBytes(sent);

        var answer = await new Echo.EchoClient(channel).OneAsync(new Message { Payload = UnsafeByteOperations.UnsafeWrap(sent) }, Limited());

        Assert.True(answer.Payload.Span.SequenceEqual(sent));
    }

    [Theory]
    [InlineData(Wire.Utp)]
    [InlineData(Wire.Tcp)]
    public async Task Calls_200InParallel_AllAnswer(Wire wire)
    {
        await using var server = await StartAsync(wire);
        using var channel = Connect(server);
        var client = new Echo.EchoClient(channel);

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(async index =>
        {
            using var call = client.Both(Limited());
            await call.RequestStream.WriteAsync(Text($"{index}"));
            Assert.True(await call.ResponseStream.MoveNext());
            await call.RequestStream.CompleteAsync();
            return call.ResponseStream.Current.Payload.ToStringUtf8();
        }));

        Assert.Equal(Enumerable.Range(0, 200).Select(index => $"{index}"), answers);
    }

    /// <summary>gRPC connects by itself only through a handler without a ConnectCallback, and only then knows the state of its connections.</summary>
    [Fact]
    public async Task State_OfAChannelOverUtp_IsNotSupported()
    {
        await using var server = await StartAsync(Wire.Utp);
        using var channel = Connect(server);

        Assert.Contains("ConnectCallback", Assert.Throws<InvalidOperationException>(() => channel.State).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => channel.ConnectAsync());
    }

    internal static Task<WebServer> StartAsync(Wire wire) => WebServer.StartAsync(
        wire,
        builder =>
        {
            builder.Services.AddGrpc(options => (options.MaxReceiveMessageSize, options.MaxSendMessageSize) = (null, null));
            builder.Services.AddSingleton<Abandoned>();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        },
        app => app.MapGrpcService<EchoService>(),
        listen => listen.Protocols = HttpProtocols.Http2);

    internal static GrpcChannel Connect(WebServer server) => Connect(server.Address, server.CreateHandler());

    private static GrpcChannel Connect(Uri address, SocketsHttpHandler handler)
    {
        handler.EnableMultipleHttp2Connections = true;
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = handler,
            MaxReceiveMessageSize = null,
            DisposeHttpClient = true,
        });
    }

    private static Message Text(string text) => new() { Payload = ByteString.CopyFromUtf8(text) };

    private static CallOptions Limited() => new(deadline: DateTime.UtcNow + WebServer.Patience);
}
