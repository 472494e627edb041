using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Utp.Interop.Tests.Ours;
using Utp.Transport;

namespace Utp.Interop.Tests.Swarms;

/// <summary>
/// Our library between two BitTorrent peers: it accepts over uTP, dials its target over uTP, copies both ways and counts. Each connection to the
/// target leaves from a port of its own, because peers take two connections from one address and port for the same peer.
/// </summary>
internal sealed class StreamRelay : IAsyncDisposable
{
    public const int BufferBytes = 64 * 1024;

    private readonly UtpListener _listener;
    private readonly IPEndPoint _target;
    private readonly long _holdAfter;
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<RelayedStream> _streams = new();
    private readonly ConcurrentQueue<Task> _running = new();
    private readonly Task _accepting;
    private long _forwarded;

    private StreamRelay(UtpListener listener, IPEndPoint target, long holdAfter)
    {
        (_listener, _target, _holdAfter) = (listener, target, holdAfter);
        _accepting = AcceptAsync();
    }

    /// <summary>The endpoint to dial.</summary>
    public IPEndPoint EndPoint => _listener.LocalEndPoint;

    /// <summary>The connections so far.</summary>
    public IReadOnlyCollection<RelayedStream> Streams => _streams;

    /// <summary>Bytes from the target to the diallers.</summary>
    public long ToDialler => _streams.Sum(stream => stream.ToDialler);

    /// <summary>Bytes from the diallers to the target.</summary>
    public long ToTarget => _streams.Sum(stream => stream.ToTarget);

    /// <summary>Completes when the relay holds back what the target sends.</summary>
    public Task Held => _held.Task;

    /// <summary>Starts a relay.</summary>
    /// <param name="target">What it dials for each connection that it accepts.</param>
    /// <param name="local">The endpoint to listen on; null for a port of 127.0.0.1.</param>
    /// <param name="holdAfter">After this many bytes from the target the relay reads no more of them, until <see cref="Release"/>.</param>
    public static async Task<StreamRelay> StartAsync(IPEndPoint target, IPEndPoint? local = null, long holdAfter = long.MaxValue)
    {
        var listener = await UtpListener.BindAsync(local ?? new IPEndPoint(IPAddress.Loopback, 0), new UtpListenerOptions { CloseOnPeerFinish = false });
        return new StreamRelay(listener, target, holdAfter);
    }

    /// <summary>Waits for a peer, and tells how the relayed connections have ended if it does not get on.</summary>
    public async Task ExplainAsync(Task wait)
    {
        try
        {
            await wait;
        }
        catch (Exception e) when (e is Xunit.Sdk.XunitException or TimeoutException)
        {
            throw new Xunit.Sdk.XunitException($"{e.Message}\nThe relay has had: {string.Join("; ", _streams)}");
        }
    }

    /// <summary>Ends the holding.</summary>
    public void Release() => _release.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await _listener.StopAsync();
        await _accepting.WaitAsync(OurHost.Patience);
        Release();
        foreach (var stream in _streams)
        {
            stream.Abort();
        }

        await Task.WhenAll(_running).WaitAsync(OurHost.Patience);
        await _listener.DisposeAsync();
    }

    private async Task AcceptAsync()
    {
        await foreach (var accepted in _listener.AcceptAllAsync())
        {
            _running.Enqueue(RelayAsync(accepted));
        }
    }

    private async Task RelayAsync(UtpStream accepted)
    {
        var local = new IPEndPoint(_target.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback, 0);
        await using var client = new UtpClient(new UtpClientOptions { CloseOnPeerFinish = false, LocalEndPoint = local });
        await using (accepted)
        {
            await using var dialled = await client.ConnectAsync(_target);
            var stream = new RelayedStream(accepted, dialled);
            _streams.Enqueue(stream);
            await stream.RunAsync(HoldAsync);
        }
    }

    private async Task HoldAsync(int count)
    {
        if (Interlocked.Add(ref _forwarded, count) >= _holdAfter)
        {
            _held.TrySetResult();
            await _release.Task;
        }
    }
}
