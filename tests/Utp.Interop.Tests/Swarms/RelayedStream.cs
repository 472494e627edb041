using System.Net;
using System.Text;
using Utp.Transport;

namespace Utp.Interop.Tests.Swarms;

/// <summary>One connection through the relay: an accepted and a dialled stream, and what they carried.</summary>
internal sealed class RelayedStream(UtpStream accepted, UtpStream dialled)
{
    /// <summary>What a peer of BitTorrent sends first unless it encrypts (BEP 3).</summary>
    private static readonly byte[] Greeting = Encoding.ASCII.GetBytes("\u0013BitTorrent protocol");

    private readonly List<byte> _beginning = [];
    private long _toTarget;
    private long _toDialler;
    private volatile string? _failure;

    public long ToTarget => Volatile.Read(ref _toTarget);

    public long ToDialler => Volatile.Read(ref _toDialler);

    /// <summary>The endpoint from which the target was dialled.</summary>
    public IPEndPoint Local { get; } = dialled.LocalEndPoint!;

    /// <summary>Whether the dialler sent BitTorrent's greeting in plain text.</summary>
    public bool IsPlain
    {
        get
        {
            lock (_beginning)
            {
                return _beginning.SequenceEqual(Greeting);
            }
        }
    }

    /// <summary>Relays until both directions have ended. A reset of one side resets the other.</summary>
    /// <param name="afterRead">Called with each number of bytes on its way to the dialler, after it was written.</param>
    public async Task RunAsync(Func<int, Task> afterRead)
    {
        try
        {
            await Task.WhenAll(
                CopyAsync(accepted, dialled, count => Task.FromResult(Interlocked.Add(ref _toTarget, count))),
                CopyAsync(dialled, accepted, count =>
                {
                    Interlocked.Add(ref _toDialler, count);
                    return afterRead(count);
                }));
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            _failure = e.Message;
            Abort();
        }
    }

    /// <summary>Gets what it has carried, and how its two connections have ended.</summary>
    public override string ToString() =>
        $"{ToTarget} bytes to the target, {ToDialler} to the dialler; accepted: {accepted.CloseReason}, dialled: {dialled.CloseReason}"
        + (_failure is { } failure ? $" ({failure})" : string.Empty);

    public void Abort()
    {
        accepted.Abort();
        dialled.Abort();
    }

    private async Task CopyAsync(UtpStream from, UtpStream to, Func<int, Task> afterWrite)
    {
        try
        {
            var buffer = new byte[StreamRelay.BufferBytes];
            while (await from.ReadAsync(buffer) is > 0 and var count)
            {
                if (from == accepted)
                {
                    Note(buffer.AsSpan(0, count));
                }

                await to.WriteAsync(buffer.AsMemory(0, count));
                await afterWrite(count);
            }

            await to.CompleteWritesAsync();
        }
        catch
        {
            // The other direction waits for bytes that will not come.
            Abort();
            throw;
        }
    }

    private void Note(ReadOnlySpan<byte> bytes)
    {
        lock (_beginning)
        {
            _beginning.AddRange(bytes[..Math.Min(bytes.Length, Greeting.Length - _beginning.Count)]);
        }
    }
}
