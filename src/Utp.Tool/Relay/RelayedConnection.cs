using System.Buffers;
using System.Diagnostics;

namespace Utp.Tool.Relay;

/// <summary>
/// Two ends; the bytes of each go to the other. The end of one direction is passed on and leaves the other direction open; a reset of
/// one end resets the other. Nothing is read that the other end does not take, so its back-pressure is passed on too.
/// </summary>
internal sealed class RelayedConnection(int number, RelayEnd accepted)
{
    private const int BufferBytes = 64 * 1024;

    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private RelayEnd? _dialled;
    private Exception? _failure;
    private long _bytesOut;
    private long _bytesIn;

    public int Number => number;

    public string From => accepted.Name;

    public string To => _dialled?.Name ?? "?";

    /// <summary>Bytes from the accepted end to the dialled one.</summary>
    public long BytesOut => Volatile.Read(ref _bytesOut);

    /// <summary>Bytes from the dialled end to the accepted one.</summary>
    public long BytesIn => Volatile.Read(ref _bytesIn);

    public TimeSpan Age => Stopwatch.GetElapsedTime(_startedAt);

    /// <summary>How it ended, once it has.</summary>
    public string Outcome { get; private set; } = "open";

    public override string ToString() =>
        $"#{Number} {From} -> {To}: {Outcome}, {Units.Bytes(BytesOut)} out, {Units.Bytes(BytesIn)} in, {Units.Seconds(Age)}";

    /// <summary>Dials, and relays until both directions have ended. Failures are the connection's outcome, not exceptions.</summary>
    /// <param name="dialer">Makes the other end.</param>
    /// <param name="aborting">Resets both ends.</param>
    public async Task RunAsync(IRelayDialer dialer, CancellationToken aborting)
    {
        try
        {
            _dialled = await dialer.ConnectAsync(aborting).ConfigureAwait(false);
            using (aborting.UnsafeRegister(static state => ((RelayedConnection)state!).Abort(), this))
            {
                await Task.WhenAll(
                    CopyAsync(accepted, _dialled, isOut: true),
                    CopyAsync(_dialled, accepted, isOut: false)).ConfigureAwait(false);
            }

            Outcome = "closed";
        }
#pragma warning disable CA1031 // Whatever ends one connection of a relay must not end the relay; the outcome says what it was.
        catch (Exception e)
#pragma warning restore CA1031
        {
            var cause = (_failure ?? e).Message.ReplaceLineEndings(" ").TrimEnd('.');
            Outcome = _dialled is null ? $"not connected ({cause})" : $"reset ({cause})";
            Abort();
        }
        finally
        {
            await DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>One direction. When it fails, both ends are reset, which ends the other direction too.</summary>
    private async Task CopyAsync(RelayEnd from, RelayEnd to, bool isOut)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int count;
            while ((count = await from.Stream.ReadAsync(buffer).ConfigureAwait(false)) > 0)
            {
                await to.Stream.WriteAsync(buffer.AsMemory(0, count)).ConfigureAwait(false);
                Interlocked.Add(ref isOut ? ref _bytesOut : ref _bytesIn, count);
            }

            await to.CompleteWritesAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _failure, e, null);
            Abort();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Abort()
    {
        accepted.Abort();
        _dialled?.Abort();
    }

    private async ValueTask DisposeAsync()
    {
        await accepted.DisposeAsync().ConfigureAwait(false);
        if (_dialled is not null)
        {
            await _dialled.DisposeAsync().ConfigureAwait(false);
        }
    }
}
