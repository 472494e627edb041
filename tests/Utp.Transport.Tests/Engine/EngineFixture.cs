using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Utp.Protocol.Sockets;
using Utp.Transport.Connections;
using Utp.Transport.Datagrams;
using Utp.Transport.Datagrams.Sharding;
using Utp.Transport.Engine;
using Utp.Transport.Tests.Datagrams;
using Utp.Transport.Tests.Sockets;

namespace Utp.Transport.Tests.Engine;

/// <summary>Two engines, as in two processes, on loopback or on an in-process network, and pairs of connections between them.</summary>
internal sealed class EngineFixture : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The channel of tests that do not choose one; UTP_TEST_CHANNEL (Portable, Batching) sets it, so that a second run covers another channel.
    /// </summary>
    private static readonly UtpDatagramOffload Channel =
        Environment.GetEnvironmentVariable("UTP_TEST_CHANNEL") is { Length: > 0 } name ? Enum.Parse<UtpDatagramOffload>(name) : UtpDatagramOffload.Auto;

    /// <summary>Shards of each local endpoint in tests that do not choose (UTP_TEST_SHARDS); null is the default.</summary>
    private static readonly int? Shards =
        Environment.GetEnvironmentVariable("UTP_TEST_SHARDS") is { Length: > 0 } count ? int.Parse(count, CultureInfo.InvariantCulture) : null;

    private readonly TimeProvider? _time;
    private readonly System.Collections.Concurrent.ConcurrentBag<IDatagramChannel> _channels = [];

    public EngineFixture(
        Action<UtpTransportOptions>? configure = null,
        InProcessDatagramNetwork? network = null,
        TimeProvider? timeProvider = null,
        ILoggerFactory? loggerFactory = null,
        Func<INonUtpDatagramHandler?>? nonUtpHandler = null,
        TimeSpan? drainTime = null)
    {
        Options = new UtpTransportOptions { DatagramOffload = Channel, Shards = Shards };
        configure?.Invoke(Options);
        Network = network;
        _time = timeProvider;
        ServerEngine = Create(timeProvider, loggerFactory, nonUtpHandler, drainTime);
        ClientEngine = Create(timeProvider, loggerFactory, nonUtpHandler, drainTime);
    }

    public UtpTransportOptions Options { get; }

    /// <summary>Number of UDP sockets that a listener has, and that connects without a local endpoint use in turn.</summary>
    public int ShardCount => Network is null ? ServerEngine.EffectiveShardCount : 1;

    public InProcessDatagramNetwork? Network { get; }

    /// <summary>Replaces the sending of datagrams of both engines.</summary>
    public SendFault? Fault { get; set; }

    /// <summary>Called before a channel receives; may throw.</summary>
    public Action<IDatagramChannel>? ReceiveFault { get; set; }

    /// <summary>Called before the channels of an endpoint open; may throw.</summary>
    public Action<IPEndPoint>? OpenFault { get; set; }

    /// <summary>Called before a thread of a socket starts; may throw.</summary>
    public Action<Thread>? ThreadFault { get; set; }

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

    public async Task<UtpConnection> ConnectAsync(UtpConnectionListener listener, Action<UtpConnectionOptions>? configure = null,
        CancellationToken cancellationToken = default)
    {
        var options = new UtpConnectionOptions();
        Options.CopyTo(options);
        configure?.Invoke(options);
        return await ClientEngine.ConnectAsync(AddressOf(listener), options, Network is null ? null : new IPEndPoint(IPAddress.Loopback, 0), null,
            cancellationToken)
            .AsTask().WaitAsync(Patience, CancellationToken.None);
    }

    /// <summary>Binds a listener and makes one connection through it.</summary>
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

    /// <summary>Closes the UDP sockets without notifying the peers, as the end of the process does.</summary>
    public void Kill()
    {
        Unplug();
        foreach (var channel in _channels)
        {
            channel.Dispose();
        }
    }

    /// <summary>Drops every datagram from now on, without notifying either side.</summary>
    public void Unplug() => Fault = static (in Transmit transmit, ReadOnlySpan<byte> _, ref int bytesSent) =>
    {
        bytesSent = transmit.Length;
        return SendOutcome.Sent;
    };

    /// <summary>Lets virtual time pass, in steps that timers notice, until a task has ended.</summary>
    public static async Task PassTimeUntilAsync(FakeTimeProvider time, Task task, TimeSpan atMost)
    {
        for (var passed = TimeSpan.Zero; passed < atMost && !task.IsCompleted; passed += TimeSpan.FromMilliseconds(50))
        {
            time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Delay(1);
        }

        await task.WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.True(task.IsCompleted, $"Not after {atMost} of virtual time.");
    }

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
        // Both ends stop at once: an engine that is gone would not answer a FIN.
        if (Fault is null)
        {
            await Task.WhenAll(ClientEngine.CloseConnectionsAsync(), ServerEngine.CloseConnectionsAsync()).WaitAsync(Patience);
        }

        var disposed = Task.WhenAll(ClientEngine.DisposeAsync().AsTask(), ServerEngine.DisposeAsync().AsTask());
        if (_time is FakeTimeProvider time)
        {
            await PassTimeUntilAsync(time, disposed, TimeSpan.FromSeconds(10));
        }

        await disposed.WaitAsync(Patience);
    }

    private UtpEngine Create(
        TimeProvider? timeProvider, ILoggerFactory? loggerFactory, Func<INonUtpDatagramHandler?>? nonUtpHandler, TimeSpan? drainTime) => new(
        Microsoft.Extensions.Options.Options.Create(Options),
        loggerFactory ?? NullLoggerFactory.Instance,
        timeProvider ?? TimeProvider.System,
        metrics: null,
        Pools,
        nonUtpHandler)
        {
            DrainTime = drainTime ?? TimeSpan.FromSeconds(2),
            StartThread = thread =>
            {
                ThreadFault?.Invoke(thread);
                thread.UnsafeStart();
            },
            OpenChannels = (local, count, options, clock, logger) =>
            {
                OpenFault?.Invoke(local);
                var channels = Network is { } network ? [network.Open(local.Port, clock)] : ShardedChannels.Create(local, count, options, clock, logger);
                Array.ForEach(channels, _channels.Add);
                return Array.ConvertAll(channels, channel => new FaultyChannel(channel, () => Fault, () => ReceiveFault));
            },
        };
}
