using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Utp.Transport.Connections;
using Utp.Transport.Engine;
using Utp.Transport.Options;
using Utp.Transport.Tests.Engine;
using Utp.Transport.Tests.Hosting;

namespace Utp.Transport.Tests.Options;

/// <summary>Options given in code are checked before they reach a socket, which all connections share, and are copied at that moment.</summary>
public sealed class CodeOptionsTests
{
    private static readonly TimeSpan Patience = EngineFixture.Patience;

    public static TheoryData<string, Action<UtpConnectionOptions>> OutOfRange => new()
    {
        { "MtuCeiling is '20'. Expected a whole number of bytes from 576 to 65507", options => options.MtuCeiling = 20 },
        { "MtuCeiling is '2147483647'", options => options.MtuCeiling = int.MaxValue },
        { "CongestionControl is '99'. Expected one of ", options => options.CongestionControl = (UtpCongestionControl)99 },
        { "SendBufferSize is '-1'", options => options.SendBufferSize = -1 },
        { "SendBufferSize is '2147483647'", options => options.SendBufferSize = int.MaxValue },
        { "ReceiveBufferSize is '0'", options => options.ReceiveBufferSize = 0 },
        { "TargetDelay is '-", options => options.TargetDelay = TimeSpan.MinValue },
        { "IdleTimeout is '10675199.", options => options.IdleTimeout = TimeSpan.MaxValue },
        { "IdleTimeout is '-00:00:01'", options => options.IdleTimeout = TimeSpan.FromSeconds(-1) },
        { "KeepAliveInterval is '10675199.", options => options.KeepAliveInterval = TimeSpan.MaxValue },
        { "LingerTimeout is '10675199.", options => options.LingerTimeout = TimeSpan.MaxValue },
        { "LingerTimeout is 'Timeout.InfiniteTimeSpan (-00:00:00.001)'. Expected a duration hh:mm:ss from 00:00:00 to 00:10:00",
            options => options.LingerTimeout = Timeout.InfiniteTimeSpan },
        { "ConnectTimeout is '10675199.", options => options.ConnectTimeout = TimeSpan.MaxValue },
        { "ConnectTimeout is 'Timeout.InfiniteTimeSpan (-00:00:00.001)'. Expected a duration hh:mm:ss from 00:00:00.1 to 00:10:00",
            options => options.ConnectTimeout = Timeout.InfiniteTimeSpan },
        { "ConnectTimeout is '00:00:00'", options => options.ConnectTimeout = TimeSpan.Zero },
    };

    [Theory]
    [MemberData(nameof(OutOfRange))]
    public async Task Connect_OptionOutOfRange_IsRefusedAndEndsNobodysConnection(string complaint, Action<UtpConnectionOptions> spoil)
    {
        await using var services = new ServiceCollection().AddUtp().Services.BuildServiceProvider();
        var listener = await services.GetRequiredService<IUtpConnectionListenerFactory>().BindAsync(new UtpEndPoint(IPAddress.Loopback, 0));
        var factory = services.GetRequiredService<IUtpConnectionFactory>();
        var accept = listener.AcceptAsync().AsTask();
        await using var healthy = await factory.ConnectAsync(listener.EndPoint).AsTask().WaitAsync(Patience);
        await using var server = await accept.WaitAsync(Patience);
        var options = new UtpConnectionOptions();
        spoil(options);

        var error =
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => factory.ConnectAsync(listener.EndPoint, options, CancellationToken.None).AsTask());

        Assert.Contains($"UtpConnectionOptions.{complaint}", error.Message, StringComparison.Ordinal);
        Assert.Equal("options", error.ParamName);
        await healthy.Transport.Output.WriteAsync("fine"u8.ToArray());
        Assert.Equal("fine"u8.ToArray(), await server!.Transport.Input.ReadExactlyAsync(4));
        await listener.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(OutOfRange))]
    public async Task Bind_OptionOutOfRange_IsRefusedAndLeavesTheAddressFree(string complaint, Action<UtpConnectionOptions> spoil)
    {
        await using var services = new ServiceCollection().AddUtp().Services.BuildServiceProvider();
        var factory = services.GetRequiredService<IUtpConnectionListenerFactory>();
        var options = new UtpListenerOptions();
        spoil(options);

        var error = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => factory.BindAsync(new UtpEndPoint(IPAddress.Loopback, 0), options, CancellationToken.None).AsTask());

        Assert.Contains($"UtpListenerOptions.{complaint}", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, services.GetRequiredService<Transport.Engine.UtpEngine>().SocketCount);
    }

    [Fact]
    public async Task Bind_OptionsChangedAfterwards_AreThoseOfTheBind()
    {
        await using var services = new ServiceCollection().AddUtp().Services.BuildServiceProvider();
        var options = new UtpListenerOptions();
        var listener = await services.GetRequiredService<IUtpConnectionListenerFactory>()
            .BindAsync(new UtpEndPoint(IPAddress.Loopback, 0), options, CancellationToken.None);
        options.MtuCeiling = 20;
        options.CongestionControl = (UtpCongestionControl)99;
        options.SendBufferSize = -1;
        var accept = listener.AcceptAsync().AsTask();

        await using var client = await services.GetRequiredService<IUtpConnectionFactory>().ConnectAsync(listener.EndPoint).AsTask().WaitAsync(Patience);
        await using var server = await accept.WaitAsync(Patience);

        await server!.Transport.Output.WriteAsync("fine"u8.ToArray());
        Assert.Equal("fine"u8.ToArray(), await client.Transport.Input.ReadExactlyAsync(4));
        await listener.DisposeAsync();
    }

    [Fact]
    public async Task EngineOptions_ChangedAfterTheFirstUse_HaveNoEffect()
    {
        await using var services = new ServiceCollection().AddUtp().Services.BuildServiceProvider();
        var factory = services.GetRequiredService<IUtpConnectionListenerFactory>();
        await using var first = await factory.BindAsync(new UtpEndPoint(IPAddress.Loopback, 0));
        var clients = services.GetRequiredService<IUtpConnectionFactory>();
        var shared = services.GetRequiredService<IOptions<UtpTransportOptions>>().Value;
        shared.MaxConnections = -1;
        shared.MtuCeiling = 20;
        await using var second = await factory.BindAsync(new UtpEndPoint(IPAddress.Loopback, 0));
        var accept = second.AcceptAsync().AsTask();

        await using var client = await clients.ConnectAsync(second.EndPoint).AsTask().WaitAsync(Patience);
        await using var server = await accept.WaitAsync(Patience);

        Assert.NotNull(server);
    }

    [Fact]
    public async Task UtpClient_OptionsChangedAfterwards_AreThoseOfTheConstructor()
    {
        await using var listener = await UtpListener.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        var options = new UtpClientOptions { LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0) };
        var transport = new UtpTransportOptions();
        await using var client = new UtpClient(options, new UtpEngineOptions { Transport = transport });
        options.MaxConnections = 0;
        options.MtuCeiling = 20;
        options.LocalEndPoint.Port = 1;
        transport.KernelReceiveBufferSize = -1;
        transport.MaxConnections = -1;
        var accept = listener.AcceptAsync().AsTask();

        await using var stream = await client.ConnectAsync(listener.LocalEndPoint).AsTask().WaitAsync(Patience);
        await using var server = await accept.WaitAsync(Patience);

        Assert.NotEqual(1, stream.LocalEndPoint!.Port);
    }

    [Fact]
    public async Task InfiniteTimeSpan_WhereZeroMeansNever_MeansNever()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();
        var never = new UtpClientOptions { IdleTimeout = Timeout.InfiniteTimeSpan, KeepAliveInterval = Timeout.InfiniteTimeSpan };
        var accept = EngineFixture.AcceptAsync(listener);

        await using var client = await new UtpConnectionFactory(engines.ClientEngine, never).ConnectAsync(listener.EndPoint).AsTask().WaitAsync(Patience);
        await using var server = await accept;

        await server.Transport.Output.WriteAsync("fine"u8.ToArray());
        Assert.Equal("fine"u8.ToArray(), await client.Transport.Input.ReadExactlyAsync(4));
        Assert.Equal(0, never.ToSettings().IdleTimeoutMicros);
        Assert.Equal(0, never.ToSettings().KeepAliveMicros);
    }

    [Theory]
    [InlineData("IdleTimeout")]
    [InlineData("KeepAliveInterval")]
    public async Task InfiniteTimeSpan_Configured_IsAllowedWhereZeroIs(string key)
    {
        await using var services = UtpConfigurationJson.Services($$"""{ "Utp": { "Transport": { "{{key}}": "-00:00:00.001" } } }""");

        var options = services.GetRequiredService<IOptions<UtpTransportOptions>>().Value;

        Assert.Equal(Timeout.InfiniteTimeSpan, key == "IdleTimeout" ? options.IdleTimeout : options.KeepAliveInterval);
    }

    [Fact]
    public void Snapshot_OfEveryClass_CopiesEveryOption()
    {
        var transport =
            new UtpTransportOptions { Shards = 3, MaxConnections = 5, TracePath = null, IdleTimeout = TimeSpan.FromSeconds(40), ClaimIPEndPoints = true };

        var copy = OptionSnapshot.Take(OptionKeys.Transport, transport, "transport");

        foreach (var property in typeof(UtpTransportOptions).GetProperties())
        {
            Assert.Equal(property.GetValue(transport), property.GetValue(copy));
        }
    }
}
