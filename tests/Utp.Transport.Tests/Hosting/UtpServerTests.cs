using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Utp.Transport.Tests.Hosting;

/// <summary>The server behind <c>AddListener</c>, without a network: starting, serving, and the order and bounds of stopping.</summary>
public sealed class UtpServerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly UtpEndPoint EndPoint = UtpEndPoint.Parse("utp://127.0.0.1:7000");

    private readonly FakeListenerFactory _factory = new();
    private readonly FakeLogCollector _logs = new();
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Start_BindsEachListenerWithItsNameAndOptions()
    {
        using var host = Build(
            utp => utp
                .AddListener("one", EndPoint, Serve(_ => Task.CompletedTask), options => options.SendBufferSize = 65_536)
                .AddListener("two", Serve(_ => Task.CompletedTask)),
            """{ "Utp": { "Endpoints": { "two": { "Url": "utp://[::1]:7001", "NoDelay": false } } } }""");

        await host.StartAsync().WaitAsync(Patience);

        Assert.Equal(EndPoint, _factory.Listeners["one"].EndPoint);
        Assert.Equal(65_536, _factory.Listeners["one"].Options!.SendBufferSize);
        Assert.Equal("[::1]:7001", _factory.Listeners["two"].EndPoint.ToString());
        Assert.False(_factory.Listeners["two"].Options!.NoDelay);
    }

    [Fact]
    public async Task Start_WithAConfiguredUrl_MovesTheListener()
    {
        using var host = Build(
            utp => utp.AddListener("one", EndPoint, Serve(_ => Task.CompletedTask)),
            """{ "Utp": { "Endpoints": { "ONE": { "Url": "utp://127.0.0.1:7999" } } } }""");

        await host.StartAsync().WaitAsync(Patience);

        Assert.Equal("127.0.0.1:7999", _factory.Listeners["one"].EndPoint.ToString());
    }

    [Fact]
    public async Task Start_WhenOneBindFails_ClosesThoseBoundBefore()
    {
        _factory.Failure = ("two", new IOException("no such device"));
        using var host = Build(utp => utp
            .AddListener("one", EndPoint, Serve(_ => Task.CompletedTask))
            .AddListener("two", EndPoint, Serve(_ => Task.CompletedTask)));

        var exception = await Assert.ThrowsAsync<IOException>(() => host.StartAsync().WaitAsync(Patience));

        Assert.Equal("no such device", exception.Message);
        Assert.Equal(["bind one", "unbind one", "dispose one"], _factory.Journal);
    }

    [Fact]
    public async Task Start_WhenTheAddressIsInUse_NamesListenerAddressAndKey()
    {
        _factory.Failure = ("one", new AddressInUseException("in use"));
        using var host = Build(utp => utp.AddListener("one", EndPoint, Serve(_ => Task.CompletedTask)));

        var exception = await Assert.ThrowsAsync<IOException>(() => host.StartAsync().WaitAsync(Patience));

        Assert.Equal(
            "Failed to bind listener 'one' to utp://127.0.0.1:7000: the UDP port is already in use. "
            + "Stop the program that has it, or set Utp:Endpoints:one:Url to another port.",
            exception.Message);
        Assert.IsType<AddressInUseException>(exception.InnerException);
    }

    [Fact]
    public async Task Start_WithAnEndpointThatNothingServes_Warns()
    {
        using var host = Build(_ => { }, """{ "Utp": { "Endpoints": { "web": { "Url": "utp://127.0.0.1:0", "Protocols": "Http1" } } } }""");

        await host.StartAsync().WaitAsync(Patience);

        var warning = Assert.Single(_logs.GetSnapshot(), record => record.Level == LogLevel.Warning);
        Assert.Equal("EndpointNotServed", warning.Id.Name);
        Assert.Contains("Utp:Endpoints:web", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Handler_WhenItReturns_ItsConnectionIsDisposed()
    {
        using var host = Build(utp => utp.AddListener("one", EndPoint, Serve(_ => Task.CompletedTask)));
        await host.StartAsync().WaitAsync(Patience);

        var connection = _factory.Listeners["one"].Connect();

        await connection.Disposed.WaitAsync(Patience);
        Assert.Null(connection.AbortReason);
    }

    [Fact]
    public async Task Handler_WhenItThrows_ItsConnectionIsAbortedAndOthersGoOn()
    {
        var attempts = 0;
        using var host = Build(utp => utp.AddListener("one", EndPoint, Serve(_ =>
            Interlocked.Increment(ref attempts) == 1 ? throw new InvalidDataException("no magic") : Task.CompletedTask)));
        await host.StartAsync().WaitAsync(Patience);

        var first = _factory.Listeners["one"].Connect();
        await first.Disposed.WaitAsync(Patience);
        var second = _factory.Listeners["one"].Connect();
        await second.Disposed.WaitAsync(Patience);

        Assert.IsType<InvalidDataException>(first.AbortReason!.InnerException);
        Assert.Null(second.AbortReason);
        var error = Assert.Single(_logs.GetSnapshot(), record => record.Level == LogLevel.Error);
        Assert.Equal("ConnectionHandlerFailed", error.Id.Name);
    }

    [Fact]
    public async Task Handler_WhenThePeerResets_IsNoError()
    {
        using var host = Build(utp => utp.AddListener("one", EndPoint, Serve(_ => throw new ConnectionResetException("reset"))));
        await host.StartAsync().WaitAsync(Patience);

        var connection = _factory.Listeners["one"].Connect();
        await connection.Disposed.WaitAsync(Patience);

        Assert.Null(connection.AbortReason);
        Assert.DoesNotContain(_logs.GetSnapshot(), record => record.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task Stop_GoesThroughKestrelsStepsInOrder()
    {
        using var host = Build(utp => utp.AddListener("one", EndPoint, Serve(UntilAskedToClose)));
        await host.StartAsync().WaitAsync(Patience);
        var connection = _factory.Listeners["one"].Connect();
        await Handling(connection);

        await host.StopAsync().WaitAsync(Patience);

        Assert.Equal(["bind one", "unbind one", "dispose connection", "dispose one"], _factory.Journal);
    }

    [Fact]
    public async Task Stop_WhenAHandlerDoesNotClose_AbortsAtTheHostsTimeout()
    {
        using var host = Build(utp => utp.AddListener("one", EndPoint, Serve(UntilClosed)));
        await host.StartAsync().WaitAsync(Patience);
        var connection = _factory.Listeners["one"].Connect();
        await Handling(connection);

        await host.StopAsync(new CancellationToken(canceled: true)).WaitAsync(Patience);

        Assert.Contains("HostOptions.ShutdownTimeout", connection.AbortReason!.Message, StringComparison.Ordinal);
        Assert.Equal(["bind one", "unbind one", "abort connection", "dispose connection", "dispose one"], _factory.Journal);
        Assert.Contains(_logs.GetSnapshot(), record => record.Id.Name == "ConnectionsAborted");
    }

    [Fact]
    public async Task Stop_WhenAHandlerIgnoresAbort_GivesUpAfterASecond()
    {
        using var host = Build(utp => utp.AddListener("one", EndPoint, Serve(_ => new TaskCompletionSource().Task)));
        await host.StartAsync().WaitAsync(Patience);
        await Handling(_factory.Listeners["one"].Connect());

        var stop = host.StopAsync(new CancellationToken(canceled: true));
        while (!stop.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        await stop.WaitAsync(Patience);
        Assert.Contains(_logs.GetSnapshot(), record => record.Id.Name == "HandlersAbandoned");
        Assert.Equal("dispose one", _factory.Journal.Last());
    }

    [Fact]
    public async Task Accept_WhenItFails_IsCriticalAndTheHostStillStops()
    {
        using var host = Build(utp => utp.AddListener("one", EndPoint, Serve(_ => Task.CompletedTask)));
        await host.StartAsync().WaitAsync(Patience);

        _factory.Listeners["one"].FailAccepting(new IOException("gone"));
        await host.StopAsync().WaitAsync(Patience);

        Assert.Contains(_logs.GetSnapshot(), record => record is { Level: LogLevel.Critical, Id.Name: "AcceptFailed" });
    }

    [Fact]
    public async Task OnCompleted_RunsLastFirstAndSurvivesFailures()
    {
        var calls = new List<string>();
        using var host = Build(utp => utp.AddListener("one", EndPoint, Serve(connection =>
        {
            var completion = connection.Features.GetRequiredFeature<IConnectionCompleteFeature>();
            completion.OnCompleted(state => Note(calls, state), "first");
            completion.OnCompleted(_ => throw new InvalidOperationException("second"), "second");
            completion.OnCompleted(state => Note(calls, state), "third");
            return Task.CompletedTask;
        })));
        await host.StartAsync().WaitAsync(Patience);

        await _factory.Listeners["one"].Connect().Disposed.WaitAsync(Patience);

        Assert.Equal(["third", "first"], calls);
        Assert.Single(_logs.GetSnapshot(), record => record.Id.Name == "ConnectionCallbackFailed");
    }

    [Fact]
    public async Task OnHeartbeat_IsCalledEverySecond()
    {
        var beats = 0;
        var registered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var host = Build(utp => utp.AddListener("one", EndPoint, Serve(connection =>
        {
            connection.Features.GetRequiredFeature<IConnectionHeartbeatFeature>().OnHeartbeat(_ => Interlocked.Increment(ref beats), this);
            registered.SetResult();
            return UntilAskedToClose(connection);
        })));
        await host.StartAsync().WaitAsync(Patience);
        await Handling(_factory.Listeners["one"].Connect());

        // A handler counts as running before it has registered, and an earlier heartbeat would have no receiver.
        await registered.Task.WaitAsync(Patience);

        for (var second = 1; second <= 3; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            var due = second;
            await UntilAsync(() => Volatile.Read(ref beats) >= due);
            Assert.Equal(due, Volatile.Read(ref beats));
        }

        await host.StopAsync().WaitAsync(Patience);
    }

    private static Task Note(List<string> calls, object state)
    {
        calls.Add((string)state);
        return Task.CompletedTask;
    }

    private static Action<IConnectionBuilder> Serve(ConnectionDelegate handler) => connection => connection.Run(context =>
    {
        context.Items["handling"] = true;
        return handler(context);
    });

    private static Task UntilAskedToClose(ConnectionContext connection) =>
        UntilAsync(connection.Features.GetRequiredFeature<IConnectionLifetimeNotificationFeature>().ConnectionClosedRequested);

    private static Task UntilClosed(ConnectionContext connection) => UntilAsync(connection.ConnectionClosed);

    private static async Task UntilAsync(CancellationToken token)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = token.Register(cancelled.SetResult);
        await cancelled.Task;
    }

    private static Task Handling(FakeConnection connection) => UntilAsync(() => connection.Items.ContainsKey("handling"));

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!condition())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private IHost Build(Action<IUtpBuilder> configure, string json = "{}")
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddJson(json);
        builder.Services.AddSingleton<IUtpConnectionListenerFactory>(_factory);
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(new FakeLoggerProvider(_logs)));
        configure(builder.Services.AddUtp());
        return builder.Build();
    }
}
