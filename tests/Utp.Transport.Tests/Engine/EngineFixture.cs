using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Utp.Transport.Datagrams;
using Utp.Transport.Engine;
using Utp.Transport.Tests.Datagrams;

namespace Utp.Transport.Tests.Engine;

/// <summary>Two engines, as two processes would have, on loopback or on an in-process network; and pairs of connections between them.</summary>
internal sealed class EngineFixture : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public EngineFixture(
        Action<UtpTransportOptions>? configure = null,
        InProcessDatagramNetwork? network = null,
        TimeProvider? timeProvider = null,
        ILoggerFactory? loggerFactory = null,
        Func<IUtpForeignDatagramHandler?>? foreign = null)
    {
        Options = new UtpTransportOptions();
        configure?.Invoke(Options);
        Network = network;
        ServerEngine = Create(timeProvider, loggerFactory, foreign);
        ClientEngine = Create(timeProvider, loggerFactory, foreign);
    }

    public UtpTransportOptions Options { get; }

    public InProcessDatagramNetwork? Network { get; }

    public CountingMemoryPoolFactory Pools { get; } = new();

    public UtpEngine ServerEngine { get; }

    public UtpEngine ClientEngine { get; }

    public ValueTask<UtpConnectionListener> BindAsync(Action<UtpListenerOptions>? configure = null, IPEndPoint? local = null)
    {
        var options = new UtpListenerOptions();
        Options.CopyTo(options);
        configure?.Invoke(options);
        return ServerEngine.BindAsync(local ?? new IPEndPoint(IPAddress.Loopback, 0), options);
    }

    public async Task<UtpConnection> ConnectAsync(UtpConnectionListener listener, Action<UtpConnectionOptions>? configure = null, CancellationToken cancellationToken = default)
    {
        var options = new UtpConnectionOptions();
        Options.CopyTo(options);
        configure?.Invoke(options);
        return await ClientEngine.ConnectAsync(AddressOf(listener), options, Network is null ? null : new IPEndPoint(IPAddress.Loopback, 0), null, cancellationToken)
            .AsTask().WaitAsync(Patience, CancellationToken.None);
    }

    /// <summary>A listener of its own and one connection through it.</summary>
    public async Task<(UtpConnection Client, UtpConnection Server)> ConnectPairAsync(
        Action<UtpConnectionOptions>? client = null, Action<UtpListenerOptions>? server = null)
    {
        await using var listener = await BindAsync(server);
        var accept = AcceptAsync(listener);
        var connection = await ConnectAsync(listener, client);
        return (connection, await accept);
    }

    public static async Task<UtpConnection> AcceptAsync(UtpConnectionListener listener) =>
        Assert.IsType<UtpConnection>(await listener.AcceptAsync().AsTask().WaitAsync(Patience));

    public static IPEndPoint AddressOf(UtpConnectionListener listener) => ((UtpEndPoint)listener.EndPoint).IPEndPoint!;

    /// <summary>Waits for something that another thread is about to make true.</summary>
    public static async Task EventuallyAsync(Func<bool> condition, string what, TimeSpan? patience = null)
    {
        var deadline = TimeProvider.System.GetTimestamp() + (long)((patience ?? Patience).TotalSeconds * TimeProvider.System.TimestampFrequency);
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetTimestamp() < deadline, $"Not in time: {what}.");
            await Task.Delay(5);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Both ends at once: a FIN to an engine that is gone is answered by nobody.
        await Task.WhenAll(ClientEngine.CloseConnectionsAsync(), ServerEngine.CloseConnectionsAsync()).WaitAsync(Patience);
        await ClientEngine.DisposeAsync();
        await ServerEngine.DisposeAsync();
    }

    private UtpEngine Create(TimeProvider? timeProvider, ILoggerFactory? loggerFactory, Func<IUtpForeignDatagramHandler?>? foreign) => new(
        Microsoft.Extensions.Options.Options.Create(Options),
        loggerFactory ?? NullLoggerFactory.Instance,
        timeProvider ?? TimeProvider.System,
        metrics: null,
        Pools,
        foreign)
    {
        OpenChannel = Network is { } network ? (local, _, _, _) => network.Open(local.Port) : DatagramChannelFactory.Create,
    };
}
