using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Utp.Consumers.Tests.Telemetry;

/// <summary>
/// The meter and the activity source through OpenTelemetry's SDK. It runs alone, because the SDK collects the meters of every engine of the process.
/// </summary>
[Collection(Alone.Name)]
public sealed class OpenTelemetryTests
{
    [Fact]
    public async Task Request_OverUtp_IsExportedAsMetricsAndSpan()
    {
        var spans = new List<Activity>();
        var metrics = new List<MetricSnapshot>();
        await using var server = await WebServer.StartAsync(
            Wire.Utp, builder => Export(builder, spans, metrics), app => app.MapGet("/", () => "hello"));
        using var client = server.CreateClient();

        Assert.Equal("hello", await client.GetStringAsync(new Uri(string.Empty, UriKind.Relative)).WaitAsync(WebServer.Patience));
        Assert.True(server.App.Services.GetRequiredService<MeterProvider>().ForceFlush());
        Assert.True(server.App.Services.GetRequiredService<TracerProvider>().ForceFlush());

        Assert.All(metrics, metric => Assert.Equal("Utp.Transport", metric.MeterName));
        Assert.All(metrics, metric => Assert.Matches(@"^\d+\.\d+\.\d+", metric.MeterVersion));
        var established = Assert.Single(metrics, metric => metric.Name == "utp.connection.established");
        Assert.Equal("{connection}", established.Unit);
        Assert.Equal(1, Assert.Single(established.MetricPoints, point => Tags(point)["utp.role"] is "server").GetSumLong());
        var io = Assert.Single(metrics, metric => metric.Name == "utp.io");
        Assert.All(io.MetricPoints, point => Assert.True(point.GetSumLong() > 0, $"{Tags(point)["network.io.direction"]} counts nothing."));

        var span = Assert.Single(spans);
        Assert.Equal(("utp.connect", "Utp.Transport", ActivityKind.Client), (span.OperationName, span.Source.Name, span.Kind));
        Assert.Equal("127.0.0.1", span.GetTagItem("network.peer.address"));
    }

    private static void Export(WebApplicationBuilder builder, List<Activity> spans, List<MetricSnapshot> exported)
    {
        builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics.AddMeter("Utp.Transport"))
            .WithTracing(tracing => tracing.AddSource("Utp.Transport"));

        builder.Services.ConfigureOpenTelemetryMeterProvider(metrics => metrics.AddInMemoryExporter(exported));
        builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddInMemoryExporter(spans));
    }

    private static Dictionary<string, object?> Tags(MetricPoint point)
    {
        var tags = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (key, value) in point.Tags)
        {
            tags[key] = value;
        }

        return tags;
    }
}
