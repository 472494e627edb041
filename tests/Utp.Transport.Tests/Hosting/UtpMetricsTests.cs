using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Utp.Transport.Diagnostics;

namespace Utp.Transport.Tests.Hosting;

/// <summary>The instruments of the meter for the life of a connection and the totals of the engine.</summary>
public sealed class UtpMetricsTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly IMeterFactory _factory;
    private readonly UtpMetrics _metrics;

    public UtpMetricsTests()
    {
        _factory = _services.GetRequiredService<IMeterFactory>();
        _metrics = new UtpMetrics(_factory);
    }

    public void Dispose()
    {
        _metrics.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void ActiveConnections_CountsBothRoles()
    {
        _metrics.ConnectionEstablished(UtpConnectionRole.Client);
        _metrics.ConnectionEstablished(UtpConnectionRole.Server);
        _metrics.ConnectionEstablished(UtpConnectionRole.Server);
        _metrics.ConnectionEnded(UtpConnectionRole.Server, UtpCloseReason.Graceful, TimeSpan.FromSeconds(2));

        var active = Observe<long>("utp.connection.count");

        Assert.Equal(1, Value(active, "utp.role", "client"));
        Assert.Equal(1, Value(active, "utp.role", "server"));
    }

    [Theory]
    [InlineData(UtpCloseReason.Graceful, null)]
    [InlineData(UtpCloseReason.PeerReset, "peer_reset")]
    [InlineData(UtpCloseReason.IdleTimeout, "idle_timeout")]
    public void ConnectionDuration_IsTaggedWithTheErrorOnly(UtpCloseReason reason, string? error)
    {
        using var collector = Collect<double>("utp.connection.duration");

        _metrics.ConnectionEnded(UtpConnectionRole.Client, reason, TimeSpan.FromSeconds(2));

        var measurement = Assert.Single(collector.GetMeasurementSnapshot());
        Assert.Equal(2, measurement.Value);
        Assert.Equal(error, measurement.Tags.GetValueOrDefault("error.type"));
    }

    [Theory]
    [MemberData(nameof(FailureReasons))]
    public void ErrorType_OfEveryFailure_HasAName(UtpCloseReason reason)
    {
        using var collector = Collect<double>("utp.handshake.duration");

        _metrics.HandshakeEnded(reason, TimeSpan.FromSeconds(1));

        Assert.NotEqual("_OTHER", Assert.Single(collector.GetMeasurementSnapshot()).Tags["error.type"]);
    }

    public static TheoryData<UtpCloseReason> FailureReasons() =>
        [.. Enum.GetValues<UtpCloseReason>().Where(reason => reason is not (UtpCloseReason.None or UtpCloseReason.Graceful))];

    [Fact]
    public void Totals_AreReadWhenCollected()
    {
        _metrics.ObserveCounters(() => new UtpTransportCounters
        {
            PacketsReceived = 5,
            PacketsSent = 6,
            BytesSent = 1_000,
            SegmentsRetransmitted = 3,
            SynsDroppedBacklog = 2,
        });

        Assert.Equal(5, Value(Observe<long>("utp.packet.count"), "network.io.direction", "receive"));
        Assert.Equal(6, Value(Observe<long>("utp.packet.count"), "network.io.direction", "transmit"));
        Assert.Equal(1_000, Value(Observe<long>("utp.io"), "network.io.direction", "transmit"));
        Assert.Equal(3, Assert.Single(Observe<long>("utp.packet.retransmitted")).Value);
        Assert.Equal(2, Value(Observe<long>("utp.connection_request.dropped"), "utp.reason", "backlog_full"));
    }

    [Fact]
    public void Samples_AreTakenOnlyWithAListener()
    {
        Assert.False(_metrics.SamplesConnections);
        using var collector = Collect<double>("utp.round_trip_time");

        Assert.True(_metrics.SamplesConnections);
        _metrics.SampleConnection(new UtpConnectionStatistics { RoundTripTime = TimeSpan.FromMilliseconds(25) });

        Assert.Equal(0.025, Assert.Single(collector.GetMeasurementSnapshot()).Value, 6);
    }

    private static T Value<T>(IEnumerable<CollectedMeasurement<T>> measurements, string tag, string value)
        where T : struct => Assert.Single(measurements, measurement => Equals(measurement.Tags[tag], value)).Value;

    private MetricCollector<T> Collect<T>(string instrument)
        where T : struct => new(_factory, UtpMetrics.MeterName, instrument);

    private IReadOnlyList<CollectedMeasurement<T>> Observe<T>(string instrument)
        where T : struct
    {
        using var collector = Collect<T>(instrument);
        collector.RecordObservableInstruments();
        return collector.GetMeasurementSnapshot();
    }
}
