using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Utp.Transport.Diagnostics;

namespace Utp.Transport.Tests.Hosting;

/// <summary>The diagnostics of real connections: log messages, the meter and the span of a connect.</summary>
public sealed class DiagnosticsEndToEndTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FakeLogCollector _logs = new();
    private readonly ServiceProvider _services;
    private IConnectionListener _listener = null!;

    public DiagnosticsEndToEndTests() => _services = new ServiceCollection()
        .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(new FakeLoggerProvider(_logs)))
        .AddUtp()
        .AddClient("impatient", options => options.ConnectTimeout = TimeSpan.FromMilliseconds(300))
        .Services.BuildServiceProvider();

    public async Task InitializeAsync() =>
        _listener = await _services.GetRequiredService<IUtpConnectionListenerFactory>().BindAsync(UtpEndPoint.Parse("utp://127.0.0.1:0")).AsTask()
            .WaitAsync(Patience);

    public async Task DisposeAsync()
    {
        await _listener.DisposeAsync().AsTask().WaitAsync(Patience);
        await _services.DisposeAsync().AsTask().WaitAsync(Patience);
    }

    [Fact]
    public async Task Log_TellsTheLifeOfAConnection()
    {
        var (client, server) = await ConnectAsync();
        client.Abort(new ConnectionAbortedException("enough"));
        await server.DisposeAsync();
        await UntilAsync(() => Names().Count(name => name == "Closed") == 2);

        Assert.Contains("NowListening", Names());
        Assert.Contains("Connected", Names());
        Assert.Contains("Accepted", Names());
        Assert.Contains(_logs.GetSnapshot(), record => record.Id.Name == "Aborting" && record.Message.EndsWith("aborting: enough", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Log_OfAFailedConnect_SaysWhy()
    {
        using var silent = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));

        var client = _services.GetRequiredService<IUtpConnectionFactoryProvider>().GetFactory("impatient");
        await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync((IPEndPoint)silent.Client.LocalEndPoint!).AsTask().WaitAsync(Patience));

        Assert.Contains(_logs.GetSnapshot(),
            record => record.Id.Name == "ConnectFailed" && record.Message.EndsWith("ConnectTimeout.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Meter_CountsConnectionsAndBytes()
    {
        var factory = _services.GetRequiredService<IMeterFactory>();
        using var active = new MetricCollector<long>(factory, UtpMetrics.MeterName, "utp.connection.count");
        using var bytes = new MetricCollector<long>(factory, UtpMetrics.MeterName, "utp.io");
        using var handshakes = new MetricCollector<double>(factory, UtpMetrics.MeterName, "utp.handshake.duration");
        var (client, server) = await ConnectAsync();
        await client.Transport.Output.WriteAsync(new byte[100_000]).AsTask().WaitAsync(Patience);
        await server.Transport.Input.ReadAtLeastAsync(100_000).AsTask().WaitAsync(Patience);

        Assert.Equal(2, Sum(active));
        Assert.Equal(2 * 100_001, Sum(bytes));
        Assert.Single(handshakes.GetMeasurementSnapshot());

        await client.DisposeAsync();
        await server.DisposeAsync();
        await UntilAsync(() => Sum(active) == 0);
        Assert.Equal(2 * 100_001, Sum(bytes));
    }

    [Fact]
    public async Task Span_OfAConnect_NamesThePeer()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = Listen(spans);

        await ConnectAsync();

        var span = SpanTo(spans, Port);
        Assert.Equal(("utp.connect", ActivityKind.Client, "127.0.0.1"), (span.OperationName, span.Kind, span.GetTagItem("network.peer.address")));
        Assert.Equal(LibraryVersion.Text, span.Source.Version);
    }

    [Fact]
    public async Task Span_OfAFailedConnect_HasTheErrorOfTheMetric()
    {
        using var silent = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)silent.Client.LocalEndPoint!).Port;
        var spans = new ConcurrentQueue<Activity>();
        using var listener = Listen(spans);
        using var handshakes = new MetricCollector<double>(_services.GetRequiredService<IMeterFactory>(), UtpMetrics.MeterName, "utp.handshake.duration");
        var client = _services.GetRequiredService<IUtpConnectionFactoryProvider>().GetFactory("impatient");

        await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync(new UtpEndPoint(IPAddress.Loopback, port)).AsTask().WaitAsync(Patience));

        var measured = Assert.Single(handshakes.GetMeasurementSnapshot()).Tags["error.type"];
        Assert.Equal("connect_timeout", measured);
        Assert.Equal(measured, SpanTo(spans, port).GetTagItem("error.type"));
    }

    [Fact]
    public async Task Span_OfACancelledConnect_HasTheErrorOfTheMetric()
    {
        using var silent = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)silent.Client.LocalEndPoint!).Port;
        var spans = new ConcurrentQueue<Activity>();
        using var listener = Listen(spans);
        using var handshakes = new MetricCollector<double>(_services.GetRequiredService<IMeterFactory>(), UtpMetrics.MeterName, "utp.handshake.duration");
        using var stop = new CancellationTokenSource();
        var connecting = Client.ConnectAsync(new UtpEndPoint(IPAddress.Loopback, port), stop.Token).AsTask();
        await silent.ReceiveAsync().WaitAsync(Patience);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.WaitAsync(Patience));

        var measured = Assert.Single(handshakes.GetMeasurementSnapshot()).Tags["error.type"];
        Assert.Equal("local_abort", measured);
        Assert.Equal(measured, SpanTo(spans, port).GetTagItem("error.type"));
    }

    [Fact]
    public async Task Connect_ToAHostThatCannotBeResolved_NamesTheHost()
    {
        var exception = await Assert.ThrowsAsync<SocketException>(
            () => Client.ConnectAsync(new DnsEndPoint("no-such-host.invalid", 5000)).AsTask().WaitAsync(Patience));

        Assert.StartsWith("The host 'no-such-host.invalid' cannot be resolved: ", exception.Message, StringComparison.Ordinal);
    }

    private static ActivityListener Listen(ConcurrentQueue<Activity> spans)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == UtpActivitySource.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    /// <summary>Finds the span of a connect. Other tests connect at the same time, to other ports.</summary>
    private static Activity SpanTo(ConcurrentQueue<Activity> spans, int port) => Assert.Single(spans, span => Equals(span.GetTagItem("server.port"), port));

    private IUtpConnectionFactory Client => _services.GetRequiredService<IUtpConnectionFactory>();

    private int Port => ((UtpEndPoint)_listener.EndPoint).Port;

    private static long Sum(MetricCollector<long> collector)
    {
        collector.Clear();
        collector.RecordObservableInstruments();
        return collector.GetMeasurementSnapshot().Sum(measurement => measurement.Value);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!condition())
        {
            await Task.Delay(10, patience.Token);
        }
    }

    /// <summary>Connects, and sends one byte so that the acceptor confirms the connection with any kind of peer.</summary>
    private async Task<(ConnectionContext Client, ConnectionContext Server)> ConnectAsync()
    {
        var accepting = _listener.AcceptAsync().AsTask();
        var client = await Client.ConnectAsync(_listener.EndPoint).AsTask().WaitAsync(Patience);
        await client.Transport.Output.WriteAsync(new byte[1]).AsTask().WaitAsync(Patience);
        var server = (await accepting.WaitAsync(Patience))!;
        var read = await server.Transport.Input.ReadAsync().AsTask().WaitAsync(Patience);
        server.Transport.Input.AdvanceTo(read.Buffer.End);
        return (client, server);
    }

    private IEnumerable<string?> Names() => _logs.GetSnapshot().Select(record => record.Id.Name);
}
