using System.Buffers;
using Utp.Transport.Connections.Pipes;
using Utp.Transport.Tests.Engine;

#pragma warning disable CA2012 // What is tested is what happens while an operation has not been awaited.

namespace Utp.Transport.Tests.Connections.Pipes;

/// <summary>Properties that random sequences do not cover: tokens, contexts, credit for the receive window, memory.</summary>
public sealed class InputTests : IDisposable
{
    private readonly SmallBlockPool _pool = new(16);
    private readonly RecordingOwner _owner = new();

    private static TimeSpan Patience => Engine.EngineFixture.Patience;

    public void Dispose() => _pool.Dispose();

    [Fact]
    public async Task Read_TokenCancelled_ThrowsAndLosesNothing()
    {
        var input = new ConnectionInput(_owner, _pool);
        using var source = new CancellationTokenSource();
        var read = input.ReadAsync(source.Token).AsTask();

        await source.CancelAsync();

        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(Patience));
        Assert.Equal(source.Token, error.CancellationToken);
        input.Append("whole"u8);
        input.Flush();
        Assert.Equal("whole"u8.ToArray(), (await input.ReadAsync()).Buffer.ToArray());
    }

    [Fact]
    public async Task Read_TokenOfAnEarlierReadIsCancelled_GoesOnWaiting()
    {
        var input = new ConnectionInput(_owner, _pool);
        using var source = new CancellationTokenSource();
        var first = input.ReadAsync(source.Token).AsTask();
        input.Append([1]);
        input.Flush();
        input.AdvanceTo((await first.WaitAsync(Patience)).Buffer.End);
        var second = input.ReadAsync().AsTask();

        await source.CancelAsync();

        Assert.False(second.IsCompleted);
        input.Append([2]);
        input.Flush();
        Assert.Equal([2], (await second.WaitAsync(Patience)).Buffer.ToArray());
    }

    [Fact]
    public async Task Read_WhileAnotherWaits_Throws()
    {
        var input = new ConnectionInput(_owner, _pool);
        _ = input.ReadAsync().AsTask();

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await input.ReadAsync());
        Assert.Throws<InvalidOperationException>(() => input.TryRead(out _));
    }

    [Fact]
    public void Read_LastOneNotAdvanced_Throws()
    {
        var input = new ConnectionInput(_owner, _pool);
        input.Append([1]);
        input.Flush();
        Assert.True(input.TryRead(out _));

        Assert.Throws<InvalidOperationException>(() => input.TryRead(out _));
    }

    [Fact]
    public void AdvanceTo_PositionOfAnotherPipe_Throws()
    {
        var (input, other) = (new ConnectionInput(_owner, _pool), new ConnectionInput(_owner, _pool));
        input.Append([1]);
        input.Flush();
        other.Append(new byte[10]);
        other.Flush();
        Assert.True(input.TryRead(out _));
        Assert.True(other.TryRead(out var foreign));

        Assert.Throws<InvalidOperationException>(() => input.AdvanceTo(foreign.Buffer.End));
    }

    [Fact]
    public async Task OnCompleted_FlowsTheContextOfWhoeverAwaits()
    {
        var input = new ConnectionInput(_owner, _pool);
        var local = new AsyncLocal<int> { Value = 7 };
        var seen = new TaskCompletionSource<int>();
        var read = input.ReadAsync();
        read.GetAwaiter().OnCompleted(() => seen.SetResult(local.Value));
        local.Value = 8;

        input.Append([1]);
        input.Flush();

        Assert.Equal(7, await seen.Task.WaitAsync(Patience));
    }

    [Fact]
    public void AdvanceTo_ExaminedCountsAsReadOnce()
    {
        var input = new ConnectionInput(_owner, _pool);
        input.Append(new byte[30]);
        input.Flush();
        Assert.True(input.TryRead(out var read));
        input.AdvanceTo(read.Buffer.GetPosition(10), read.Buffer.End);
        Assert.Equal(30, _owner.ConsumedBytes);

        input.Append(new byte[5]);
        input.Flush();
        Assert.True(input.TryRead(out read));
        input.AdvanceTo(read.Buffer.End);

        Assert.Equal(35, _owner.ConsumedBytes);
        Assert.Equal(0, _pool.RentedCount);
    }

    [Fact]
    public void Complete_WhileTheTurnWrites_GivesMemoryBackWithTheFlush()
    {
        var input = new ConnectionInput(_owner, _pool);
        input.Append(new byte[40]);
        input.Complete();
        input.Append(new byte[40]);

        input.Flush();

        Assert.Equal(0, _pool.RentedCount);
        Assert.Equal(1, _owner.InputCompletions);
    }

    [Fact]
    public void Flush_NothingAppended_KeepsNoMemory()
    {
        var input = new ConnectionInput(_owner, _pool);
        input.Append([]);
        input.Flush();

        Assert.Equal(0, _pool.RentedCount);
    }
}
