using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Utp.Transport.Tests.Engine;
using Utp.Transport.Tests.Standalone;

namespace Utp.Transport.Tests.Hosting;

/// <summary>A client of a host that leaves from the port of one of its listeners.</summary>
public sealed class LocalListenerTests
{
    private static readonly UtpEndPoint AnyPort = new(IPAddress.Loopback, 0);

    [Theory]
    [InlineData("""{ "Utp": { "Clients": { "peers": { "LocalListener": "Peers" } } } }""", false)]
    [InlineData("{ }", true)]
    public async Task Connect_ListenerOnPortZero_LeavesFromItsPort(string json, bool inCode)
    {
        using var host = UtpConfigurationJson.Host(json, utp => utp
            .AddListener("peers", AnyPort, connection => connection.Run(HoldAsync))
            .AddClient("peers", options => options.LocalListener = inCode ? "peers" : options.LocalListener));
        await using var other = await UtpSocketTests.BindAsync();
        await host.StartAsync();
        var client = host.Services.GetRequiredKeyedService<IUtpConnectionFactory>("peers");

        await using var connection = await client.ConnectAsync(other.LocalEndPoint).AsTask().WaitAsync(EngineFixture.Patience);
        await using var accepted = await other.AcceptAsync().AsTask().WaitAsync(EngineFixture.Patience);

        Assert.Equal(host.Services.GetRequiredService<IUtpServerAddresses>().GetEndPoint("peers").IPEndPoint, accepted.RemoteEndPoint);
        await connection.DisposeAsync();
        await host.StopAsync();
    }

    [Fact]
    public async Task Connect_BeforeTheStart_NamesTheClientTheListenerAndTheKey()
    {
        using var host = UtpConfigurationJson.Host("{ }", utp => utp
            .AddListener("peers", AnyPort, connection => connection.Run(HoldAsync))
            .AddClient("tracker", options => options.LocalListener = "peers"));
        var client = host.Services.GetRequiredKeyedService<IUtpConnectionFactory>("tracker");

        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, 9)));

        Assert.Contains("'tracker'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'peers' (Utp:Clients:tracker:LocalListener), which is not bound", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_ToTheOtherFamily_FailsAtOnceAndSaysSo()
    {
        using var host = UtpConfigurationJson.Host("{ }", utp => utp
            .AddListener("peers", AnyPort, connection => connection.Run(HoldAsync))
            .AddClient("peers", options => options.LocalListener = "peers"));
        await host.StartAsync();
        var client = host.Services.GetRequiredKeyedService<IUtpConnectionFactory>("peers");

        var error = await Assert.ThrowsAsync<SocketException>(async () => await client.ConnectAsync(new IPEndPoint(IPAddress.IPv6Loopback, 9)));

        Assert.Equal(SocketError.AddressFamilyNotSupported, error.SocketErrorCode);
        await host.StopAsync();
    }

    [Fact]
    public async Task Start_UnknownListener_NamesTheKeyAndTheKnownOnes()
    {
        var failures = await UtpConfigurationJson.StartFailuresAsync(
            """{ "Utp": { "Clients": { "files": { "LocalListener": "peer" } } } }""",
            utp => utp.AddListener("peers", AnyPort, connection => connection.Run(HoldAsync)));

        Assert.Equal(
            ["Utp:Clients:files:LocalListener is 'peer', but no listener has that name. Add one with AddListener(\"peer\", ...) or Utp:Endpoints:peer:Url, "
                + "or correct the name. Listeners are: peers."],
            failures);
    }

    [Fact]
    public async Task Start_ListenerAndEndPoint_ExcludeEachOther()
    {
        var failures = await UtpConfigurationJson.StartFailuresAsync(
            """{ "Utp": { "Clients": { "files": { "LocalListener": "peers", "LocalEndPoint": "127.0.0.1:6881" } } } }""",
            utp => utp.AddListener("peers", AnyPort, connection => connection.Run(HoldAsync)));

        Assert.Equal(
            ["Utp:Clients:files:LocalListener is 'peers' and Utp:Clients:files:LocalEndPoint is '127.0.0.1:6881', but a client connects from one place. "
                + "Remove one of the two."],
            failures);
    }

    [Fact]
    public void UtpClient_WithoutAHost_RefusesTheOption()
    {
        var error = Assert.Throws<ArgumentException>(() => new UtpClient(new UtpClientOptions { LocalListener = "peers" }));

        Assert.Contains("UtpSocket", error.Message, StringComparison.Ordinal);
    }

    private static Task HoldAsync(ConnectionContext connection)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.ConnectionClosed.Register(ended.SetResult);
        return ended.Task;
    }
}
