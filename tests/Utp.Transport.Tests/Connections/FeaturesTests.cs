using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Utp.Transport.Tests.Engine;
using static Utp.Transport.Tests.Engine.PipeAssertions;

namespace Utp.Transport.Tests.Connections;

public sealed class FeaturesTests
{
    [Fact]
    public async Task Features_OfATransport_AreThere()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();
        IFeatureCollection features = server.Features;

        Assert.Equal(server.ConnectionId, features.Get<IConnectionIdFeature>()!.ConnectionId);
        Assert.Same(server.Items, features.Get<IConnectionItemsFeature>()!.Items);
        Assert.Same(server.Transport, features.Get<IConnectionTransportFeature>()!.Transport);
        Assert.Equal(server.ConnectionClosed, features.Get<IConnectionLifetimeFeature>()!.ConnectionClosed);
        Assert.Same(server.RemoteEndPoint, features.Get<IConnectionEndPointFeature>()!.RemoteEndPoint);
        Assert.NotNull(features.Get<IMemoryPoolFeature>()!.MemoryPool);
        Assert.NotNull(features.Get<IUtpConnectionFeature>());

        // The socket is shared: code that got it could close every connection.
        Assert.Null(features.Get<IConnectionSocketFeature>());
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Features_SetByTheHost_ReplaceAddAndHide()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();
        IFeatureCollection features = server.Features;
        var revision = features.Revision;
        var own = new object();

        features.Set<IMemoryPoolFeature>(null);
        features[typeof(FeaturesTests)] = own;
        features[typeof(FeaturesTests)] = this;

        Assert.Null(features.Get<IMemoryPoolFeature>());
        Assert.Same(this, features[typeof(FeaturesTests)]);
        Assert.NotEqual(revision, features.Revision);
        var listed = features.ToDictionary(pair => pair.Key, pair => pair.Value);
        Assert.Same(this, listed[typeof(FeaturesTests)]);
        Assert.DoesNotContain(typeof(IMemoryPoolFeature), listed.Keys);
        Assert.Contains(typeof(IConnectionIdFeature), listed.Keys);
        Assert.Equal(listed.Count, features.Count());
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task EndPoints_AreThoseOfTheSockets()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();
        var accept = EngineFixture.AcceptAsync(listener);
        var client = await engines.ConnectAsync(listener);
        var server = await accept;

        Assert.Equal(EngineFixture.AddressOf(listener), server.LocalEndPoint);
        Assert.Equal(EngineFixture.AddressOf(listener), client.RemoteEndPoint);
        Assert.IsType<IPEndPoint>(client.LocalEndPoint);
        Assert.Equal(((IPEndPoint)client.LocalEndPoint).Port, Assert.IsType<IPEndPoint>(server.RemoteEndPoint).Port);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task EndPoints_IPv4PeerOfADualModeListener_AreIPv4()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync(local: new IPEndPoint(IPAddress.IPv6Any, 0));
        var accept = EngineFixture.AcceptAsync(listener);
        var client = await engines.ClientEngine.ConnectAsync(
            new IPEndPoint(IPAddress.Loopback, EngineFixture.AddressOf(listener).Port), engines.Options, null).AsTask().WaitAsync(EngineFixture.Patience);
        var server = await accept;

        Assert.Equal(IPAddress.Loopback, ((IPEndPoint)server.RemoteEndPoint!).Address);
        Assert.Equal(IPAddress.Loopback, ((IPEndPoint)server.LocalEndPoint!).Address);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task ConnectionId_IsUniqueAndStable()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();

        Assert.NotEqual(client.ConnectionId, server.ConnectionId);
        Assert.Same(client.ConnectionId, client.ConnectionId);
        Assert.Equal(13, client.ConnectionId.Length);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Statistics_FollowTheConnectionAndOutliveIt()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();
        var feature = client.Features.Get<IUtpConnectionFeature>()!;
        Assert.Equal(UtpCloseReason.None, feature.CloseReason);

        await client.Transport.Output.WriteAsync(new byte[100_000]);
        await server.Transport.Input.ReadExactlyAsync(100_000);
        await EngineFixture.EventuallyAsync(() => feature.Statistics.BytesAcknowledged == 100_000, "everything is acknowledged");

        var statistics = feature.Statistics;
        Assert.Equal(100_000, statistics.BytesSent);
        Assert.True(statistics.RoundTripTime > TimeSpan.Zero);
        Assert.True(statistics.CongestionWindowBytes > 0);
        Assert.True(statistics.PeerReceiveWindowBytes > 0);
        Assert.InRange(statistics.PathMtuBytes, 500, 65_507);
        Assert.Equal(100_000, server.Features.Get<IUtpConnectionFeature>()!.Statistics.BytesReceived);
        await client.DisposeAsync();
        await server.DisposeAsync();
        Assert.Equal(100_000, feature.Statistics.BytesSent);
        await EngineFixture.EventuallyAsync(() => feature.CloseReason == UtpCloseReason.Graceful, "the close is graceful");
    }

    [Fact]
    public async Task ConnectionClosed_Replaced_IsTheReplacement()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();
        using var source = new CancellationTokenSource();

        server.ConnectionClosed = source.Token;

        Assert.Equal(source.Token, server.ConnectionClosed);
        await server.DisposeAsync();
        Assert.False(server.ConnectionClosed.IsCancellationRequested);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task ConnectionClosed_AskedForAfterTheEnd_IsCancelled()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();

        await client.DisposeAsync();

        Assert.True(client.ConnectionClosed.IsCancellationRequested);
        await server.DisposeAsync();
    }
}
