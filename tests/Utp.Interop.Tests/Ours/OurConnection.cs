using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;
using Utp.Transport;

namespace Utp.Interop.Tests.Ours;

/// <summary>The bytes that arrived on our side.</summary>
/// <param name="Bytes">Number of bytes received in order.</param>
/// <param name="IsEnded">Whether the peer's FIN was reached.</param>
/// <param name="Sha256">Hash of those bytes.</param>
internal sealed record Received(long Bytes, bool IsEnded, string Sha256);

/// <summary>A connection on our side, used as a stream.</summary>
internal sealed class OurConnection(ConnectionContext context) : IAsyncDisposable
{
    private readonly UtpStream _stream = new(context);

    public UtpConnectionStatistics Statistics => Feature.Statistics;

    public UtpCloseReason CloseReason => Feature.CloseReason;

    private IUtpConnectionFeature Feature => context.Features.Get<IUtpConnectionFeature>()!;

    public async Task SendAsync(uint seed, long bytes, int chunkBytes = 65_536)
    {
        var source = new PayloadSource(seed);
        var chunk = new byte[chunkBytes];
        for (var left = bytes; left > 0;)
        {
            var part = chunk.AsMemory(0, (int)Math.Min(chunk.Length, left));
            source.Fill(part.Span);
            await _stream.WriteAsync(part);
            left -= part.Length;
        }
    }

    /// <summary>Reads this number of bytes, fewer if the stream ends before; null reads all up to the end.</summary>
    public async Task<Received> ReceiveAsync(long? bytes = null)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[65_536];
        var received = 0L;
        var isEnded = false;
        while (!isEnded && received < (bytes ?? long.MaxValue))
        {
            var count = await _stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, (bytes ?? long.MaxValue) - received)));
            hash.AppendData(buffer.AsSpan(0, count));
            received += count;
            isEnded = count == 0;
        }

        return new Received(received, isEnded, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>Sends messages one at a time, each when the previous one has come back, and compares them.</summary>
    public async Task PingAsync(int count, int bytes)
    {
        var source = new PayloadSource((uint)count);
        var (message, answer) = (new byte[bytes], new byte[bytes]);
        for (var i = 0; i < count; i++)
        {
            source.Fill(message);
            await _stream.WriteAsync(message);
            await _stream.ReadExactlyAsync(answer);
            Assert.Equal(message, answer);
        }
    }

    /// <summary>Sends back everything that arrives until the peer ends, and then ends too.</summary>
    public async Task EchoAsync()
    {
        var buffer = new byte[65_536];
        while (await _stream.ReadAsync(buffer) is > 0 and var count)
        {
            await _stream.WriteAsync(buffer.AsMemory(0, count));
        }

        await CompleteWritesAsync();
    }

    /// <summary>Writes until the connection fails.</summary>
    /// <returns>The exception that the writer gets.</returns>
    public async Task<IOException> FloodAsync()
    {
        var block = new byte[65_536];
        return await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (true)
            {
                await _stream.WriteAsync(block);
            }
        });
    }

    /// <summary>Ends our direction (half-close); completes when the peer has acknowledged everything.</summary>
    public Task CompleteWritesAsync() => Feature.CompleteWritesAsync().AsTask().WaitAsync(OurHost.Patience);

    /// <summary>Waits until the connection has ended on our side.</summary>
    public async Task WaitForCloseAsync()
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = context.ConnectionClosed.Register(closed.SetResult);
        await closed.Task.WaitAsync(OurHost.Patience);
    }

    /// <summary>Sends a RESET to the peer.</summary>
    public void Abort() => context.Abort(new ConnectionAbortedException("The test aborts."));

    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
