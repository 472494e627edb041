using System.Buffers;
using System.IO.Pipelines;
using CsCheck;
using Utp.Transport.Connections.Pipes;

#pragma warning disable CA2012, CA1849 // What is tested is what happens while an operation has not been awaited.

namespace Utp.Transport.Tests.Connections.Pipes;

/// <summary>
/// Our output behaves as <see cref="Pipe"/> for every operation of a writer that <see cref="Pipe"/> permits: random sequences of operations, over
/// blocks of a few bytes. Acknowledging bytes of our output corresponds to consuming them from the runtime's pipe.
/// </summary>
public sealed class OutputAgreesWithPipeTests
{
    private const int PauseBytes = 52;
    private const int ResumeBytes = 39;

    public enum Act
    {
        GetMemory,
        GetMemoryOnly,
        WriteAsync,
        Flush,
        Acknowledge,
        Cancel,
        CancelToken,
        FlushCancelled,
        Complete,
        CompleteReader,
    }

    private static readonly Gen<(Act Act, int Size, int Part)[]> Steps = Gen.Select(
        Gen.Frequency(
            (6, Gen.Const(Act.GetMemory)),
            (2, Gen.Const(Act.GetMemoryOnly)),
            (6, Gen.Const(Act.WriteAsync)),
            (6, Gen.Const(Act.Flush)),
            (8, Gen.Const(Act.Acknowledge)),
            (2, Gen.Const(Act.Cancel)),
            (2, Gen.Const(Act.CancelToken)),
            (1, Gen.Const(Act.FlushCancelled)),
            (1, Gen.Const(Act.Complete)),
            (1, Gen.Const(Act.CompleteReader))),
        Gen.Int[0, 40],
        Gen.Int[0, 100]).Array[1, 60];

    [Fact]
    public void AnySteps_SameAnswers() => Steps.Sample(steps => Run(steps), iter: 20_000);

    [Theory]
    [InlineData(new[] { Act.WriteAsync, Act.WriteAsync, Act.Cancel, Act.Flush, Act.Acknowledge, Act.Flush })]
    [InlineData(new[] { Act.WriteAsync, Act.WriteAsync, Act.CancelToken, Act.Flush, Act.Acknowledge, Act.Flush })]
    [InlineData(new[] { Act.Cancel, Act.Cancel, Act.WriteAsync, Act.Flush })]
    [InlineData(new[] { Act.GetMemoryOnly, Act.Flush, Act.GetMemory, Act.FlushCancelled, Act.Flush, Act.Acknowledge })]
    [InlineData(new[] { Act.GetMemory, Act.Complete, Act.Complete, Act.Flush, Act.WriteAsync, Act.GetMemoryOnly })]
    [InlineData(new[] { Act.CompleteReader, Act.GetMemory, Act.Cancel, Act.WriteAsync, Act.Flush, Act.CompleteReader })]
    public void Steps_InThisOrder_SameAnswers(Act[] steps) => Run(Array.ConvertAll(steps, step => (step, 30, 30)));

    private static void Run((Act Act, int Size, int Part)[] steps)
    {
        using var pool = new SmallBlockPool(16);
        using var both = new Both(pool);
        foreach (var (step, size, part) in steps)
        {
            both.Do(step, size, part);
            both.TakePendingResults();
        }

        both.End();
        Assert.Equal(0, pool.RentedCount);
    }

    /// <summary>Applies each operation to our output and to the runtime's pipe.</summary>
    private sealed class Both(MemoryPool<byte> pool) : PipeAgreement<FlushResult>
    {
        private readonly RecordingOwner _owner = new();
        private readonly Pipe _theirs = new(new PipeOptions(
            pauseWriterThreshold: PauseBytes,
            resumeWriterThreshold: ResumeBytes,
            writerScheduler: PipeScheduler.Inline,
            useSynchronizationContext: false));

        private ConnectionOutput? _output;
        private bool _completed;
        private bool _readerCompleted;

        private ConnectionOutput Ours => _output ??= new ConnectionOutput(_owner, pool, PauseBytes);

        public void Do(Act step, int size, int part)
        {
            switch (step)
            {
                case Act.GetMemory when !_completed:
                    var bytes = NextBytes(size * part / 100);
                    bytes.CopyTo(Ours.GetMemory(size));
                    bytes.CopyTo(_theirs.Writer.GetMemory(size));
                    Ours.Advance(bytes.Length);
                    _theirs.Writer.Advance(bytes.Length);
                    break;
                case Act.GetMemoryOnly:
                    AssertSame(Record.Exception(() => Ours.GetMemory(size).Length), Record.Exception(() => _theirs.Writer.GetMemory(size).Length));
                    break;
                case Act.WriteAsync when !IsPending:
                    bytes = NextBytes(size);
                    Begin(() => Ours.WriteAsync(bytes, Token), () => _theirs.Writer.WriteAsync(bytes, Token));
                    break;
                case Act.Flush when !IsPending:
                    Begin(() => Ours.FlushAsync(Token), () => _theirs.Writer.FlushAsync(Token));
                    break;
                case Act.FlushCancelled when !IsPending:
                    var token = new CancellationToken(canceled: true);
                    RunToEnd(() => Ours.FlushAsync(token), () => _theirs.Writer.FlushAsync(token));
                    break;
                case Act.Acknowledge when !_readerCompleted:
                    Acknowledge(part);
                    break;
                case Act.Cancel:
                    Ours.CancelPendingFlush();
                    _theirs.Writer.CancelPendingFlush();
                    break;
                case Act.CancelToken:
                    CancelToken();
                    break;
                case Act.Complete when !IsPending:
                    _completed = true;
                    Ours.Complete();
                    _theirs.Writer.Complete();
                    break;
                case Act.CompleteReader:
                    _readerCompleted = true;
                    _owner.RefusesOutput = true;
                    Ours.Refuse();
                    Ours.CompleteReader();
                    _theirs.Reader.Complete();
                    break;
                default:
                    break;
            }

            if (!_completed)
            {
                Assert.Equal(_theirs.Writer.UnflushedBytes, Ours.UnflushedBytes);
            }
        }

        public void End()
        {
            Ours.Complete();
            Ours.CompleteReader();
        }

        protected override void Take(Exception? error, in FlushResult ours, in FlushResult theirs) =>
            Assert.Equal((theirs.IsCompleted, theirs.IsCanceled), (ours.IsCompleted, ours.IsCanceled));

        private void Acknowledge(int part)
        {
            var shown = Ours.ReleaseAndGetUnacknowledged(0, PauseBytes, out var isCompleted);
            var isThere = _theirs.Reader.TryRead(out var read);
            Assert.Equal(isThere ? read.Buffer.ToArray() : [], shown.ToArray());
            Assert.Equal(_completed, isCompleted);
            var acknowledged = shown.Length * part / 100;
            Ours.ReleaseAndGetUnacknowledged(acknowledged, PauseBytes, out _);
            if (isThere)
            {
                _theirs.Reader.AdvanceTo(read.Buffer.GetPosition(acknowledged));
            }
        }

        /// <summary>Compares exceptions; cancelled tasks throw a special type.</summary>
    }
}
