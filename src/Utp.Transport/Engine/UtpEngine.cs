using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Utp.Transport.Diagnostics;

namespace Utp.Transport.Engine;

/// <summary>
/// Every UDP socket of the process that speaks uTP, by local address, and everything that keeps one open: listeners, connections and closes
/// that still deliver their last bytes. Starts with the first bind or connect, stops in <see cref="StoppedAsync"/>, when no server drains any more.
/// </summary>
internal sealed class UtpEngine : IHostedLifecycleService, IUtpDatagramSender, IAsyncDisposable
{
    /// <param name="options">Read when the first socket opens, so that invalid options fail where they are used at the latest.</param>
    /// <param name="loggerFactory">Categories start with <c>Utp.Transport</c>.</param>
    /// <param name="timeProvider">The clock of every deadline.</param>
    /// <param name="metrics">Where connections are recorded; null records nothing.</param>
    /// <param name="memoryPoolFactory">Where pipes take their memory; null takes the shared array pool.</param>
    /// <param name="foreignDatagramHandler">Asked once, when the first socket opens: a handler may depend on services that depend on the engine.</param>
    public UtpEngine(
        IOptions<UtpTransportOptions> options,
        ILoggerFactory loggerFactory,
        TimeProvider timeProvider,
        UtpMetrics? metrics = null,
        IMemoryPoolFactory<byte>? memoryPoolFactory = null,
        Func<IUtpForeignDatagramHandler?>? foreignDatagramHandler = null)
    {
    }

    /// <summary>Listens, on a socket shared with whoever names the same local endpoint.</summary>
    /// <exception cref="AddressInUseException">Another listener, or another process, has the address.</exception>
    public ValueTask<UtpConnectionListener> BindAsync(IPEndPoint endPoint, UtpListenerOptions options, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Connects, from a socket shared with all other connects without a local endpoint when <paramref name="local"/> is null.</summary>
    /// <exception cref="SocketException">Refused, timed out or unreachable.</exception>
    public ValueTask<UtpConnection> ConnectAsync(IPEndPoint remote, UtpConnectionOptions options, IPEndPoint? local, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    public bool TrySend(IPEndPoint local, IPEndPoint remote, ReadOnlySpan<byte> datagram) => throw new NotImplementedException();

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
