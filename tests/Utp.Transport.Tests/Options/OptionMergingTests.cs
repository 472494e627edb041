using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Utp.Transport.Connections;
using Utp.Transport.Options;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Options;

/// <summary>Options of the engine, of a client or listener and of one connect: what is not assigned at one level comes from the level above.</summary>
public sealed class OptionMergingTests
{
    private static readonly TimeSpan Patience = EngineFixture.Patience;
    private static readonly TimeSpan OfEngine = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan OfClient = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Default = new UtpConnectionOptions().LingerTimeout;

    [Fact]
    public void InheritFrom_OptionNeverAssigned_TakesTheLevelAbove()
    {
        var above = new UtpTransportOptions { LingerTimeout = OfEngine, CongestionControl = UtpCongestionControl.Cubic };
        var options = new UtpConnectionOptions { NoDelay = false };

        options.InheritFrom(above);

        Assert.Equal((OfEngine, UtpCongestionControl.Cubic, false), (options.LingerTimeout, options.CongestionControl, options.NoDelay));
    }

    [Fact]
    public void InheritFrom_DefaultValueAssigned_IsKept()
    {
        var above = new UtpTransportOptions { LingerTimeout = OfEngine, TargetDelay = TimeSpan.FromMilliseconds(20) };
        var options = new UtpConnectionOptions { LingerTimeout = Default, TargetDelay = null };

        options.InheritFrom(above);

        Assert.Equal((Default, null), (options.LingerTimeout, options.TargetDelay));
    }

    [Fact]
    public void Copy_OfEveryClass_HasTheValuesAndInheritsTheSame()
    {
        var client = new UtpClientOptions { MaxConnections = 7, LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 5), NoDelay = false };
        var transport = new UtpTransportOptions { MaxConnections = 8, Shards = 2, NoDelay = false };

        UtpConnectionOptions[] copies = [new(client), new UtpClientOptions(client), new UtpListenerOptions(client), new UtpTransportOptions(transport)];

        Assert.All(copies, copy =>
        {
            copy.InheritFrom(new UtpConnectionOptions { NoDelay = true, LingerTimeout = OfEngine });
            Assert.Equal((false, OfEngine), (copy.NoDelay, copy.LingerTimeout));
        });
        var copied = (UtpClientOptions)copies[1];
        Assert.Equal((7, client.LocalEndPoint), (copied.MaxConnections, copied.LocalEndPoint));
        Assert.NotSame(client.LocalEndPoint, copied.LocalEndPoint);
        Assert.Equal((8, 2), (((UtpTransportOptions)copies[3]).MaxConnections, ((UtpTransportOptions)copies[3]).Shards));
    }

    [Fact]
    public async Task UtpClient_WithOptionsOfItsOwn_KeepsWhatTheEngineSays()
    {
        var engine = new UtpEngineOptions { Transport = new UtpTransportOptions { LingerTimeout = OfEngine } };
        await using var listener = await UtpListener.BindAsync(new IPEndPoint(IPAddress.Loopback, 0), new UtpListenerOptions { NoDelay = false }, engine);
        await using var client = new UtpClient(new UtpClientOptions { MaxConnections = 3 }, engine);
        var accept = listener.AcceptAsync().AsTask();

        await using var stream = await client.ConnectAsync(listener.LocalEndPoint, new UtpConnectionOptions { NoDelay = false }).AsTask().WaitAsync(Patience);
        await using var accepted = await accept.WaitAsync(Patience);

        Assert.Equal((OfEngine, OfEngine), (LingerOf(stream), LingerOf(accepted)));
    }

    [Fact]
    public async Task Connect_WithOptionsOfItsOwn_KeepsWhatTheClientSays()
    {
        await using var services = new ServiceCollection().AddUtp(options => options.LingerTimeout = OfEngine)
            .AddClient("files", options => options.LingerTimeout = OfClient).Services.BuildServiceProvider();
        await using var listener = await services.GetRequiredService<IUtpConnectionListenerFactory>().BindAsync(new UtpEndPoint(IPAddress.Loopback, 0));
        var factory = services.GetRequiredService<IUtpConnectionFactoryProvider>().GetFactory("files");

        await using var inherits = await factory.ConnectAsync(listener.EndPoint, new UtpConnectionOptions { NoDelay = false }).AsTask().WaitAsync(Patience);
        var assignedDefault = new UtpConnectionOptions { LingerTimeout = Default };
        await using var assigns = await factory.ConnectAsync(listener.EndPoint, assignedDefault).AsTask().WaitAsync(Patience);

        Assert.Equal((OfClient, Default), (((UtpConnection)inherits).LingerTimeout, ((UtpConnection)assigns).LingerTimeout));
    }

    [Fact]
    public async Task Bind_WithOptionsOfItsOwn_KeepsWhatTheEngineSays()
    {
        await using var services = new ServiceCollection().AddUtp(options => options.LingerTimeout = OfEngine).Services.BuildServiceProvider();
        await using var listener = await services.GetRequiredService<IUtpConnectionListenerFactory>()
            .BindAsync(new UtpEndPoint(IPAddress.Loopback, 0), new UtpListenerOptions { NoDelay = false });
        var accept = listener.AcceptAsync().AsTask();

        await using var client = await services.GetRequiredService<IUtpConnectionFactory>().ConnectAsync(listener.EndPoint).AsTask().WaitAsync(Patience);
        await using var accepted = await accept.WaitAsync(Patience);

        Assert.Equal(OfEngine, ((UtpConnection)accepted!).LingerTimeout);
    }

    [Fact]
    public async Task UtpClient_WithAClockOfItsOwn_TimesOutByIt()
    {
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var time = new FakeTimeProvider();
        var options = new UtpClientOptions { ConnectTimeout = TimeSpan.FromMinutes(10) };
        await using var client = new UtpClient(options, new UtpEngineOptions { TimeProvider = time });

        var connect = client.ConnectAsync(silent.LocalEndPoint!).AsTask();
        await EngineFixture.EventuallyAsync(() =>
        {
            time.Advance(TimeSpan.FromMinutes(1));
            return connect.IsCompleted;
        }, "the connect to time out");

        var error = await Assert.ThrowsAsync<SocketException>(() => connect);
        Assert.Equal(SocketError.TimedOut, error.SocketErrorCode);
    }

    [Fact]
    public void UtpEngineOptions_Null_IsRefused()
    {
        var options = new UtpEngineOptions();

        Assert.Throws<ArgumentNullException>(() => options.Transport = null!);
        Assert.Throws<ArgumentNullException>(() => options.LoggerFactory = null!);
        Assert.Throws<ArgumentNullException>(() => options.TimeProvider = null!);
    }

    [Fact]
    public async Task Stop_CancelledToken_StopsAllTheSame()
    {
        await using var listener = await UtpListener.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await listener.StopAsync(cancelled.Token);

        await Assert.ThrowsAsync<ObjectDisposedException>(() => listener.AcceptAsync().AsTask().WaitAsync(Patience));
    }

    private static TimeSpan LingerOf(UtpStream stream) => ((UtpConnection)stream.Connection).LingerTimeout;
}
