using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Utp.Transport.Engine;
using Utp.Transport.Tests.Datagrams;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Rates;

/// <summary>Rate limits of each level, in virtual time: a busy machine can make a transfer only slower.</summary>
public sealed class RateLimitTests
{
    private const int Rate = 100_000;
    private const int Bytes = 300_000;

    private readonly FakeTimeProvider _time = new();

    public enum Level
    {
        Connection,
        Listener,
        Engine,
    }

    /// <summary>The sender is the side that was accepted, so that its listener has connections to limit.</summary>
    [Theory]
    [InlineData(Level.Connection, true)]
    [InlineData(Level.Connection, false)]
    [InlineData(Level.Listener, true)]
    [InlineData(Level.Listener, false)]
    [InlineData(Level.Engine, true)]
    [InlineData(Level.Engine, false)]
    public async Task Transfer_IsNoFasterThanTheLimitOfEachLevel(Level level, bool isSending)
    {
        await using var engines = Create(options => SetLimit(options, isSending, level == Level.Engine));
        var (client, server) = await engines.ConnectPairAsync(server: options =>
        {
            if (level == Level.Connection)
            {
                SetOwn(options, isSending);
            }
            else if (level == Level.Listener)
            {
                options.MaxTotalSendBytesPerSecond = isSending ? Rate : null;
                options.MaxTotalReceiveBytesPerSecond = isSending ? null : Rate;
            }
        });
        var (from, to) = isSending ? (server, client) : (client, server);

        var elapsed = await TransferAsync(from, to);

        // Half a second's bytes fit into the window of a receiver, and what 50 ms earn may leave at once.
        Assert.True(elapsed >= TimeSpan.FromSeconds(((double)Bytes / Rate) - 0.05 - (isSending ? 0 : 0.5)), $"{elapsed}");
    }

    [Fact]
    public async Task RunTime_ALimitIsSetChangedAndLifted()
    {
        await using var engines = Create();
        var (client, server) = await engines.ConnectPairAsync();
        var limits = ((IUtpRateLimited)client).RateLimits;
        limits.MaxSendBytesPerSecond = 1_000;
        Assert.Equal((1_000, null), (limits.MaxSendBytesPerSecond, limits.MaxReceiveBytesPerSecond));
        var read = server.Transport.Input.ReadExactlyAsync(Bytes);
        await client.Transport.Output.WriteAsync(PipeAssertions.Pattern(Bytes)).AsTask().WaitAsync(EngineFixture.Patience);
        await EngineFixture.PassTimeUntilAsync(_time, Task.WhenAny(read, PassAsync(TimeSpan.FromSeconds(4))), TimeSpan.FromSeconds(5));
        Assert.InRange(((IUtpConnectionFeature)server).Statistics.BytesReceived, 0, 6_000);

        limits.MaxSendBytesPerSecond = null;

        await EngineFixture.PassTimeUntilAsync(_time, read, TimeSpan.FromSeconds(30));
        Assert.Equal(PipeAssertions.Pattern(Bytes), await read);
        Assert.Null(limits.MaxSendBytesPerSecond);
    }

    /// <summary>The engine's limit is set on open connections that none applied to before.</summary>
    [Fact]
    public async Task RunTime_TheLimitOfTheEngineReachesOpenConnections()
    {
        await using var engines = Create();
        var (client, server) = await engines.ConnectPairAsync();
        await TransferAsync(client, server);

        engines.ClientEngine.RateLimits.MaxSendBytesPerSecond = Rate;
        var elapsed = await TransferAsync(client, server);

        Assert.True(elapsed >= TimeSpan.FromSeconds(2.9), $"{elapsed}");
    }

    [Fact]
    public async Task LevelAbove_LeadsFromTheConnectionToTheEngine()
    {
        await using var services = new ServiceCollection().AddUtp().Services.BuildServiceProvider();
        var factory = services.GetRequiredService<IUtpConnectionFactory>();
        await using var listener = await services.GetRequiredService<IUtpConnectionListenerFactory>().BindAsync(new UtpEndPoint(IPAddress.Loopback, 0));
        var accept = listener.AcceptAsync().AsTask();
        await using var client = await factory.ConnectAsync(listener.EndPoint).AsTask().WaitAsync(EngineFixture.Patience);
        await using var server = (await accept.WaitAsync(EngineFixture.Patience))!;
        var engine = services.GetRequiredService<IUtpRateLimits>();

        Assert.Same(factory.RateLimits, LimitsOf(client).LevelAbove);
        Assert.Same(Assert.IsAssignableFrom<IUtpRateLimited>(listener).RateLimits, LimitsOf(server).LevelAbove);
        Assert.Same(engine, factory.RateLimits.LevelAbove);
        Assert.Same(engine, LimitsOf(server).LevelAbove!.LevelAbove);
        Assert.Null(engine.LevelAbove);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(999)]
    [InlineData(2_000_000_001)]
    public async Task Setter_OutOfBounds_NamesThePropertyAndWhatIsAllowed(int value)
    {
        await using var client = new UtpClient();

        var error = Assert.Throws<ArgumentOutOfRangeException>(() => client.RateLimits.MaxSendBytesPerSecond = value);

        Assert.Contains($"MaxSendBytesPerSecond is '{value}'. Expected a whole number of bytes per second from 1000 to 2000000000", error.Message);
    }

    [Fact]
    public async Task Setter_OnAConnectionThatHasEnded_DoesNothing()
    {
        await using var engines = Create();
        var (client, server) = await engines.ConnectPairAsync();
        client.Abort();
        await EngineFixture.EventuallyAsync(() => client.CloseReason != UtpCloseReason.None, "the client has ended");

        ((IUtpRateLimited)client).RateLimits.MaxSendBytesPerSecond = 5_000;
        ((IUtpConnectionFeature)client).CongestionControl = UtpCongestionControl.Cubic;

        await server.DisposeAsync();
    }

    [Fact]
    public async Task CongestionControl_ChangesOnALiveConnection()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();
        var feature = (IUtpConnectionFeature)client;
        Assert.Equal(UtpCongestionControl.LedbatPlusPlus, feature.CongestionControl);
        var read = server.Transport.Input.ReadExactlyAsync(2 * Bytes);
        await client.Transport.Output.WriteAsync(PipeAssertions.Pattern(Bytes)).AsTask().WaitAsync(EngineFixture.Patience);

        feature.CongestionControl = UtpCongestionControl.Cubic;

        Assert.Equal(UtpCongestionControl.Cubic, feature.CongestionControl);
        await client.Transport.Output.WriteAsync(PipeAssertions.Pattern(Bytes)).AsTask().WaitAsync(EngineFixture.Patience);
        byte[] expected = [.. PipeAssertions.Pattern(Bytes), .. PipeAssertions.Pattern(Bytes)];
        Assert.Equal(expected, await read);
        Assert.Throws<ArgumentOutOfRangeException>(() => feature.CongestionControl = (UtpCongestionControl)99);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    private static IUtpRateLimits LimitsOf(ConnectionContext connection) => connection.Features.Get<IUtpConnectionFeature>()!.RateLimits;

    private static void SetOwn(UtpConnectionOptions options, bool isSending)
    {
        options.MaxSendBytesPerSecond = isSending ? Rate : null;
        options.MaxReceiveBytesPerSecond = isSending ? null : Rate;
    }

    private static void SetLimit(UtpTransportOptions options, bool isSending, bool isSet)
    {
        options.MaxTotalSendBytesPerSecond = isSet && isSending ? Rate : null;
        options.MaxTotalReceiveBytesPerSecond = isSet && !isSending ? Rate : null;
    }

    private EngineFixture Create(Action<UtpTransportOptions>? configure = null) =>
        new(configure, new InProcessDatagramNetwork(1, LinkImpairments.None, new UtpClock(_time)), _time);

    private async Task<TimeSpan> TransferAsync(ConnectionContext from, ConnectionContext to)
    {
        var start = _time.GetUtcNow();
        var read = to.Transport.Input.ReadExactlyAsync(Bytes);
        var write = from.Transport.Output.WriteAsync(PipeAssertions.Pattern(Bytes)).AsTask();
        await EngineFixture.PassTimeUntilAsync(_time, Task.WhenAll(read, write), TimeSpan.FromSeconds(60));
        Assert.Equal(PipeAssertions.Pattern(Bytes), await read);
        return _time.GetUtcNow() - start;
    }

    private Task PassAsync(TimeSpan time) => Task.Delay(time, _time);
}
