using System.Buffers;
using CsCheck;
using Utp.Transport.Connections.Pipes;
using Utp.Transport.Tests.Engine;

#pragma warning disable CA2012 // What is tested is what happens while an operation has not been awaited.

namespace Utp.Transport.Tests.Connections.Pipes;

/// <summary>The output exposes flushed bytes in order until they are acknowledged, and a flush waits while the output holds too much.</summary>
public sealed class OutputTests : IDisposable
{
    private const int BlockBytes = 16;

    private enum Step
    {
        GetMemory,
        WriteAsync,
        Flush,
        Show,
        Cancel,
        Complete,
    }

    private static readonly Gen<(Step Step, int Size, int Part)[]> Steps = Gen.Select(
        Gen.Frequency(
            (6, Gen.Const(Step.GetMemory)),
            (4, Gen.Const(Step.WriteAsync)),
            (6, Gen.Const(Step.Flush)),
            (8, Gen.Const(Step.Show)),
            (1, Gen.Const(Step.Cancel)),
            (1, Gen.Const(Step.Complete))),
        Gen.Int[0, 40],
        Gen.Int[0, 100]).Array[1, 60];

    private readonly SmallBlockPool _pool = new(BlockBytes);
    private readonly RecordingOwner _owner = new();

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void AnySteps_ShowsWhatWasFlushedAndNotAcknowledged() => Steps.Sample(steps => RunAgainstModel(steps), iter: 5_000);

    [Fact]
    public async Task Flush_MoreThanIsHeld_WaitsForThreeQuarters()
    {
        var output = new ConnectionOutput(_owner, _pool, 100);
        var flush = output.WriteAsync(new byte[100]).AsTask();
        output.ReleaseAndGetUnacknowledged(25, 100, out _);
        Assert.False(flush.IsCompleted);

        output.ReleaseAndGetUnacknowledged(1, 100, out _);

        Assert.False((await flush.WaitAsync(Patience)).IsCompleted);
    }

    [Fact]
    public async Task Flush_LimitGrows_Resumes()
    {
        var output = new ConnectionOutput(_owner, _pool, 100);
        var flush = output.WriteAsync(new byte[100]).AsTask();

        output.ReleaseAndGetUnacknowledged(0, 200, out _);

        await flush.WaitAsync(Patience);
        Assert.False(output.WriteAsync(new byte[100]).IsCompleted);
    }

    [Fact]
    public async Task Flush_ConnectionRefusesMeanwhile_SaysCompleted()
    {
        var output = new ConnectionOutput(_owner, _pool, 10);
        var flush = output.WriteAsync(new byte[10]).AsTask();
        _owner.RefusesOutput = true;

        output.Refuse();

        Assert.True((await flush.WaitAsync(Patience)).IsCompleted);
        Assert.True((await output.WriteAsync(new byte[1_000])).IsCompleted);
        Assert.Equal(10, output.ReleaseAndGetUnacknowledged(0, 10, out _).Length);
    }

    [Fact]
    public async Task Flush_TokenCancelled_ThrowsAndKeepsTheBytes()
    {
        var output = new ConnectionOutput(_owner, _pool, 10);
        using var source = new CancellationTokenSource();
        var flush = output.WriteAsync(new byte[10], source.Token).AsTask();

        await source.CancelAsync();

        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => flush.WaitAsync(Patience));
        Assert.Equal(source.Token, error.CancellationToken);
        Assert.Equal(10, output.ReleaseAndGetUnacknowledged(0, 10, out _).Length);
    }

    [Fact]
    public async Task Flush_TokenOfAnEarlierFlushIsCancelled_GoesOnWaiting()
    {
        var output = new ConnectionOutput(_owner, _pool, 10);
        using var source = new CancellationTokenSource();
        var first = output.WriteAsync(new byte[10], source.Token).AsTask();
        output.ReleaseAndGetUnacknowledged(10, 10, out _);
        await first.WaitAsync(Patience);
        var second = output.WriteAsync(new byte[10]).AsTask();

        await source.CancelAsync();

        Assert.False(second.IsCompleted);
        output.ReleaseAndGetUnacknowledged(10, 10, out _);
        await second.WaitAsync(Patience);
    }

    [Fact]
    public async Task Flush_WhileAnotherWaits_Throws()
    {
        var output = new ConnectionOutput(_owner, _pool, 10);
        var first = output.WriteAsync(new byte[10]).AsTask();

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await output.FlushAsync());

        output.ReleaseAndGetUnacknowledged(10, 10, out _);
        await first.WaitAsync(Patience);
    }

    [Fact]
    public void GetMemory_MoreThanTheRoomOrABlock_IsContiguous()
    {
        var output = new ConnectionOutput(_owner, _pool, 10_000);
        output.GetMemory(10).Span[..10].Fill(1);
        output.Advance(10);

        var large = output.GetMemory(1_000);
        Assert.True(large.Length >= 1_000);
        large.Span[..1_000].Fill(2);
        output.Advance(1_000);
        _ = output.FlushAsync();

        var shown = output.ReleaseAndGetUnacknowledged(0, 10_000, out _).ToArray();
        Assert.Equal([.. Enumerable.Repeat((byte)1, 10), .. Enumerable.Repeat((byte)2, 1_000)], shown);
        output.ReleaseAndGetUnacknowledged(1_010, 10_000, out _);
        Assert.Equal(0, _pool.RentedCount);
    }

    [Fact]
    public void Advance_MoreThanThereIsRoom_Throws()
    {
        var output = new ConnectionOutput(_owner, _pool, 10_000);
        Assert.Throws<ArgumentOutOfRangeException>(() => output.Advance(1));
        var length = output.GetMemory().Length;
        Assert.Throws<ArgumentOutOfRangeException>(() => output.Advance(length + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => output.Advance(-1));
    }

    [Fact]
    public void Complete_BothEnds_GivesAllMemoryBackButNotBefore()
    {
        var output = new ConnectionOutput(_owner, _pool, 10_000);
        _ = output.WriteAsync(new byte[100]);
        var room = output.GetMemory();
        output.CompleteReader();
        Assert.NotEqual(0, _pool.RentedCount);
        room.Span.Fill(1);
        output.Advance(room.Length);

        output.Complete();

        Assert.Equal(0, _pool.RentedCount);
        Assert.Equal(1, _owner.OutputCompletions);
        Assert.Throws<InvalidOperationException>(() => output.GetMemory());
    }

    [Fact]
    public void Complete_WithUnflushedBytes_ShowsThem()
    {
        var output = new ConnectionOutput(_owner, _pool, 10_000);
        output.Write("last"u8);
        Assert.Equal(4, output.UnflushedBytes);

        output.Complete();

        Assert.Equal("last"u8.ToArray(), output.ReleaseAndGetUnacknowledged(0, 10_000, out var isCompleted).ToArray());
        Assert.True(isCompleted);
    }

    private static TimeSpan Patience => Engine.EngineFixture.Patience;

    private static void RunAgainstModel((Step Step, int Size, int Part)[] steps)
    {
        using var pool = new SmallBlockPool(BlockBytes);
        var output = new ConnectionOutput(new RecordingOwner(), pool, 50);
        var (unflushed, held) = (new List<byte>(), new List<byte>());
        var pending = default(ValueTask<System.IO.Pipelines.FlushResult>?);
        var (nextByte, isCompleted, shownLength, expectsCancel, isPaused) = ((byte)0, false, 0, false, false);
        foreach (var (step, size, part) in steps)
        {
            switch (step)
            {
                case Step.GetMemory when !isCompleted:
                    var room = output.GetSpan(size);
                    Assert.True(room.Length >= Math.Max(size, 1));
                    var length = room.Length * part / 100;
                    for (var i = 0; i < length; i++)
                    {
                        unflushed.Add(room[i] = nextByte++);
                    }

                    output.Advance(length);
                    Assert.Equal(unflushed.Count, output.UnflushedBytes);
                    break;
                case Step.WriteAsync or Step.Flush when pending is null:
                    if (step == Step.WriteAsync && !isCompleted)
                    {
                        var bytes = new byte[size];
                        for (var i = 0; i < size; i++)
                        {
                            unflushed.Add(bytes[i] = nextByte++);
                        }

                        pending = output.WriteAsync(bytes);
                    }
                    else
                    {
                        pending = output.FlushAsync();
                    }

                    held.AddRange(unflushed);
                    unflushed.Clear();
                    isPaused |= held.Count >= 50;
                    Assert.Equal(!isPaused || expectsCancel, pending.Value.IsCompleted);
                    break;
                case Step.Show:
                    var acknowledged = shownLength * part / 100;
                    held.RemoveRange(0, acknowledged);
                    var shown = output.ReleaseAndGetUnacknowledged(acknowledged, 50, out var sawCompleted);
                    Assert.Equal(held, shown.ToArray());
                    Assert.Equal(isCompleted, sawCompleted);
                    shownLength = held.Count;
                    isPaused &= held.Count >= 38;
                    if (held.Count < 38 && pending is { } waiting)
                    {
                        Assert.True(waiting.IsCompleted);
                    }

                    break;
                case Step.Cancel:
                    output.CancelPendingFlush();
                    expectsCancel = true;
                    break;
                case Step.Complete when !isCompleted && pending is null:
                    isCompleted = true;
                    output.Complete();
                    held.AddRange(unflushed);
                    unflushed.Clear();
                    isPaused |= held.Count >= 50;
                    break;
                default:
                    break;
            }

            if (pending is { IsCompleted: true } flush)
            {
                Assert.Equal(expectsCancel, flush.GetAwaiter().GetResult().IsCanceled);
                (pending, expectsCancel) = (null, false);
            }
        }

        output.Complete();
        output.CompleteReader();
        Assert.Equal(0, pool.RentedCount);
    }
}
