using System.Buffers;
using System.IO.Pipelines;
using CsCheck;
using Utp.Transport.Connections.Pipes;

#pragma warning disable CA2012, CA1849 // What is tested is what happens while an operation has not been awaited.

namespace Utp.Transport.Tests.Connections.Pipes;

/// <summary>
/// Our input behaves as <see cref="Pipe"/> for every operation of a reader that <see cref="Pipe"/> permits: random sequences of operations, over
/// blocks of a few bytes.
/// </summary>
public sealed class InputAgreesWithPipeTests
{
    public enum Act
    {
        Append,
        Flush,
        TryRead,
        ReadAsync,
        ReadAtLeast,
        Advance,
        AdvanceNothing,
        Cancel,
        CancelToken,
        ReadCancelled,
        CompleteWriter,
        FailWriter,
        CompleteReader,
    }

    private static readonly Gen<(Act Act, int Size, int Examined)[]> Steps = Gen.Select(
        Gen.Frequency(
            (8, Gen.Const(Act.Append)),
            (6, Gen.Const(Act.Flush)),
            (4, Gen.Const(Act.TryRead)),
            (6, Gen.Const(Act.ReadAsync)),
            (3, Gen.Const(Act.ReadAtLeast)),
            (10, Gen.Const(Act.Advance)),
            (1, Gen.Const(Act.AdvanceNothing)),
            (2, Gen.Const(Act.Cancel)),
            (2, Gen.Const(Act.CancelToken)),
            (1, Gen.Const(Act.ReadCancelled)),
            (1, Gen.Const(Act.CompleteWriter)),
            (1, Gen.Const(Act.FailWriter)),
            (1, Gen.Const(Act.CompleteReader))),
        Gen.Int[0, 40],
        Gen.Int[0, 100]).Array[1, 60];

    [Fact]
    public void AnySteps_SameAnswers() => Steps.Sample(steps => Run(steps), iter: 20_000);

    [Theory]
    [InlineData(new[] { Act.Cancel, Act.ReadAsync, Act.ReadAsync, Act.Append, Act.Flush, Act.Advance })]
    [InlineData(new[] { Act.ReadAsync, Act.Cancel, Act.ReadAsync, Act.Append, Act.Flush, Act.Advance, Act.AdvanceNothing })]
    [InlineData(new[] { Act.Append, Act.Flush, Act.Cancel, Act.ReadAsync, Act.TryRead, Act.Advance, Act.AdvanceNothing })]
    [InlineData(new[] { Act.Append, Act.Flush, Act.Cancel, Act.TryRead, Act.ReadAsync, Act.Advance, Act.ReadAsync })]
    [InlineData(new[] { Act.TryRead, Act.AdvanceNothing, Act.AdvanceNothing, Act.ReadAsync })]
    [InlineData(new[] { Act.ReadAsync, Act.CancelToken, Act.AdvanceNothing, Act.AdvanceNothing, Act.ReadAsync })]
    [InlineData(new[] { Act.ReadAsync, Act.CancelToken, Act.ReadAsync, Act.Append, Act.Flush, Act.Advance })]
    [InlineData(new[] { Act.CompleteReader, Act.CompleteReader, Act.AdvanceNothing, Act.CompleteWriter, Act.CompleteWriter })]
    public void Steps_InThisOrder_SameAnswers(Act[] steps) => Run(Array.ConvertAll(steps, step => (step, 10, 100)));

    private static void Run((Act Act, int Size, int Examined)[] steps)
    {
        using var pool = new SmallBlockPool(16);
        using var both = new Both(pool);
        foreach (var (step, size, examinedPart) in steps)
        {
            both.Do(step, size, examinedPart);
            both.TakePendingResults();
        }

        both.End();
        Assert.Equal(0, pool.RentedCount);
    }

    /// <summary>Applies each operation to our input and to the runtime's pipe.</summary>
    private sealed class Both(MemoryPool<byte> pool) : PipeAgreement<ReadResult>
    {
        private readonly RecordingOwner _owner = new();
        private readonly Pipe _theirs = new(new PipeOptions(pauseWriterThreshold: 0, readerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
        private ConnectionInput? _input;
        private ReadResult? _ourLast;
        private ReadResult? _theirLast;
        private long _examined;
        private long _appended;
        private int _unflushed;
        private bool _readerCompleted;
        private bool _writerCompleted;

        /// <summary>The last read was cancelled: the reader may advance, and need not.</summary>
        private bool _isAdvanceOptional;

        /// <summary>
        /// A read with a minimum number of bytes was cancelled. <see cref="Pipe"/> then hides the buffered bytes from ReadAsync, but not from
        /// TryRead, until more is flushed. Ours returns them: a reader that did not ask to wait for more must not wait.
        /// </summary>
        private bool _theirsHidesBytes;
        private bool _waitsForMinimum;

        private ConnectionInput Ours => _input ??= new ConnectionInput(_owner, pool);

        private bool MayRead => !_readerCompleted && !IsPending && (_ourLast is null || _isAdvanceOptional);

        public void Do(Act step, int size, int examinedPart)
        {
            switch (step)
            {
                case Act.Append when !_writerCompleted:
                    Append(size);
                    break;
                case Act.Flush when !_writerCompleted:
                    Ours.Flush();
                    _theirs.Writer.FlushAsync().GetAwaiter().GetResult();
                    _theirsHidesBytes &= _unflushed == 0;
                    _unflushed = 0;
                    break;
                case Act.TryRead when MayRead:
                    TryRead();
                    break;
                case Act.ReadAsync when MayRead && !_theirsHidesBytes:
                    BeginRead(() => Ours.ReadAsync(Token), () => _theirs.Reader.ReadAsync(Token));
                    break;
                case Act.ReadAtLeast when MayRead && !_theirsHidesBytes && _examined == 0:
                    // Pipe does not count bytes that are buffered and examined, although its documentation says that it does.
                    _waitsForMinimum = true;
                    BeginRead(() => Ours.ReadAtLeastAsync(size, Token), () => _theirs.Reader.ReadAtLeastAsync(size, Token));
                    break;
                case Act.ReadCancelled when !IsPending:
                    var token = new CancellationToken(canceled: true);
                    RunToEnd(() => Ours.ReadAsync(token), () => _theirs.Reader.ReadAsync(token));
                    break;
                case Act.Advance when _ourLast is { } ourResult && _theirLast is { } theirResult && !_readerCompleted && !IsPending:
                    Advance(ourResult.Buffer, theirResult.Buffer, size, examinedPart);
                    break;
                case Act.AdvanceNothing when (_ourLast is null || _readerCompleted) && !IsPending:
                    AssertSame(Record.Exception(() => Ours.AdvanceTo(default)), Record.Exception(() => _theirs.Reader.AdvanceTo(default)));
                    break;
                case Act.Cancel when !_readerCompleted:
                    Ours.CancelPendingRead();
                    _theirs.Reader.CancelPendingRead();
                    break;
                case Act.CancelToken:
                    CancelToken();
                    break;
                case Act.CompleteWriter:
                    _writerCompleted = true;
                    Ours.CompleteWriter(null);
                    _theirs.Writer.Complete();
                    break;
                case Act.FailWriter when !_writerCompleted:
                    _writerCompleted = true;
                    var error = new IOException("over");
                    Ours.CompleteWriter(error);
                    _theirs.Writer.Complete(error);
                    break;
                case Act.CompleteReader when !IsPending:
                    _readerCompleted = true;
                    Ours.Complete();
                    _theirs.Reader.Complete();
                    (_ourLast, _theirLast) = (null, null);
                    break;
                default:
                    break;
            }
        }

        public void End()
        {
            Assert.InRange(_owner.ConsumedBytes, 0, _appended);
            Ours.Complete();
            Ours.CompleteWriter(null);
        }

        protected override void Take(Exception? error, in ReadResult ours, in ReadResult theirs)
        {
            _isAdvanceOptional = error is null && ours.IsCanceled;
            _theirsHidesBytes |= _waitsForMinimum && (error is OperationCanceledException || _isAdvanceOptional);
            _waitsForMinimum = false;
            (_ourLast, _theirLast) = (null, null);
            if (error is null)
            {
                Assert.Equal(theirs.Buffer.ToArray(), ours.Buffer.ToArray());
                Assert.Equal((theirs.IsCompleted, theirs.IsCanceled), (ours.IsCompleted, ours.IsCanceled));
                (_ourLast, _theirLast) = (ours, theirs);
            }
        }

        private void Append(int size)
        {
            var bytes = NextBytes(size);
            Ours.Append(bytes);
            _theirs.Writer.Write(bytes);
            _appended += size;
            _unflushed += size;
        }

        private void BeginRead(Func<ValueTask<ReadResult>> ours, Func<ValueTask<ReadResult>> theirs)
        {
            Begin(ours, theirs);
            (_ourLast, _theirLast) = (null, null);
        }

        private void TryRead()
        {
            var (ourRead, theirRead, ourAnswer, theirAnswer) = (default(ReadResult), default(ReadResult), false, false);
            var ourError = Record.Exception(() => { ourAnswer = Ours.TryRead(out ourRead); });
            var theirError = Record.Exception(() => { theirAnswer = _theirs.Reader.TryRead(out theirRead); });
            Assert.Equal(theirAnswer, ourAnswer);
            AssertSame(ourError, theirError);
            Take(ourError, ourRead, theirRead);
            if (!ourAnswer)
            {
                (_ourLast, _theirLast) = (null, null);
            }
        }

        private void Advance(in ReadOnlySequence<byte> ours, in ReadOnlySequence<byte> theirs, int size, int examinedPart)
        {
            // The examined position of a pipe never moves back.
            var length = ours.Length;
            var consumed = Math.Min(size, length);
            var lookedAt = Math.Max(Math.Max(consumed, _examined), length * examinedPart / 100);
            Ours.AdvanceTo(ours.GetPosition(consumed), ours.GetPosition(lookedAt));
            _theirs.Reader.AdvanceTo(theirs.GetPosition(consumed), theirs.GetPosition(lookedAt));
            _examined = lookedAt - consumed;
            (_ourLast, _theirLast, _isAdvanceOptional) = (null, null, false);
        }

        /// <summary>Compares exceptions; cancelled tasks throw a special type.</summary>
    }
}
