using System.Buffers;
using System.IO.Pipelines;
using CsCheck;

#pragma warning disable CA2012 // What is tested is what happens while an operation has not been awaited.

namespace Utp.Transport.Tests.Connections.Pipes;

/// <summary>
/// Whatever a reader does, our input answers as the runtime's <see cref="Pipe"/> does: random sequences of operations, over blocks of a few bytes.
/// </summary>
public sealed class InputAgreesWithPipeTests
{
    private enum Step
    {
        Append,
        Flush,
        TryRead,
        ReadAsync,
        Advance,
        Cancel,
        CompleteWriter,
        FailWriter,
        CompleteReader,
    }

    private static readonly Gen<(Step Step, int Size, int Examined)[]> Steps = Gen.Select(
        Gen.Frequency(
            (8, Gen.Const(Step.Append)),
            (6, Gen.Const(Step.Flush)),
            (4, Gen.Const(Step.TryRead)),
            (6, Gen.Const(Step.ReadAsync)),
            (10, Gen.Const(Step.Advance)),
            (1, Gen.Const(Step.Cancel)),
            (1, Gen.Const(Step.CompleteWriter)),
            (1, Gen.Const(Step.FailWriter)),
            (1, Gen.Const(Step.CompleteReader))),
        Gen.Int[0, 40],
        Gen.Int[0, 100]).Array[1, 60];

    [Fact]
    public void AnySteps_SameAnswers() => Steps.Sample(steps => Run(steps), iter: 5_000);

    private static void Run((Step Step, int Size, int Examined)[] steps)
    {
        using var pool = new SmallBlockPool(16);
        var owner = new RecordingOwner();
        var ours = new ConnectionInput(owner, pool);
        var theirs = new Pipe(new PipeOptions(pauseWriterThreshold: 0, readerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
        var (ourPending, theirPending) = ((ValueTask<ReadResult>?)null, (ValueTask<ReadResult>?)null);
        var (ourLast, theirLast) = (default(ReadResult?), default(ReadResult?));
        var (nextByte, examined, appended, readerCompleted, writerCompleted) = ((byte)0, 0L, 0L, false, false);
        foreach (var (step, size, examinedPart) in steps)
        {
            switch (step)
            {
                case Step.Append when !writerCompleted:
                    var bytes = new byte[size];
                    for (var i = 0; i < size; i++)
                    {
                        bytes[i] = nextByte++;
                    }

                    ours.Append(bytes);
                    theirs.Writer.Write(bytes);
                    appended += size;
                    break;
                case Step.Flush when !writerCompleted:
                    ours.Flush();
                    theirs.Writer.FlushAsync().GetAwaiter().GetResult();
                    break;
                case Step.TryRead when !readerCompleted && ourPending is null && ourLast is null:
                    var (ourRead, theirRead) = (default(ReadResult), default(ReadResult));
                    var ourError = Record.Exception(() => ours.TryRead(out ourRead) ? 1 : 0);
                    var theirError = Record.Exception(() => theirs.Reader.TryRead(out theirRead) ? 1 : 0);
                    AssertSame(ourError, theirError);
                    if (ourError is null)
                    {
                        AssertSame(ourRead, theirRead);
                        if (!ourRead.Buffer.IsEmpty || ourRead.IsCompleted || ourRead.IsCanceled)
                        {
                            (ourLast, theirLast) = (ourRead, theirRead);
                        }
                    }

                    break;
                case Step.ReadAsync when !readerCompleted && ourPending is null && ourLast is null:
                    (ourError, theirError) = (null, null);
                    ourError = Record.Exception(() => { ourPending = ours.ReadAsync(); });
                    theirError = Record.Exception(() => { theirPending = theirs.Reader.ReadAsync(); });
                    AssertSame(ourError, theirError);
                    break;
                case Step.Advance when ourLast is { } ourResult && theirLast is { } theirResult && !readerCompleted:
                    // A pipe's examined position never goes back.
                    var length = ourResult.Buffer.Length;
                    var consumed = Math.Min(size, length);
                    var lookedAt = Math.Max(Math.Max(consumed, examined), length * examinedPart / 100);
                    ours.AdvanceTo(ourResult.Buffer.GetPosition(consumed), ourResult.Buffer.GetPosition(lookedAt));
                    theirs.Reader.AdvanceTo(theirResult.Buffer.GetPosition(consumed), theirResult.Buffer.GetPosition(lookedAt));
                    examined = lookedAt - consumed;
                    (ourLast, theirLast) = (null, null);
                    break;
                case Step.Cancel when !readerCompleted:
                    ours.CancelPendingRead();
                    theirs.Reader.CancelPendingRead();
                    break;
                case Step.CompleteWriter when !writerCompleted:
                    writerCompleted = true;
                    ours.CompleteWriter(null);
                    theirs.Writer.Complete();
                    break;
                case Step.FailWriter when !writerCompleted:
                    writerCompleted = true;
                    var error = new IOException("over");
                    ours.CompleteWriter(error);
                    theirs.Writer.Complete(error);
                    break;
                case Step.CompleteReader when ourPending is null:
                    readerCompleted = true;
                    ours.Complete();
                    theirs.Reader.Complete();
                    (ourLast, theirLast) = (null, null);
                    break;
                default:
                    break;
            }

            if (ourPending is { } ourTask && theirPending is { } theirTask)
            {
                Assert.Equal(theirTask.IsCompleted, ourTask.IsCompleted);
                if (ourTask.IsCompleted)
                {
                    var (ourRead, theirRead) = (default(ReadResult), default(ReadResult));
                    var ourError = Record.Exception(() => { ourRead = ourTask.GetAwaiter().GetResult(); });
                    var theirError = Record.Exception(() => { theirRead = theirTask.GetAwaiter().GetResult(); });
                    AssertSame(ourError, theirError);
                    (ourPending, theirPending) = (null, null);
                    if (ourError is null)
                    {
                        AssertSame(ourRead, theirRead);
                        (ourLast, theirLast) = (ourRead, theirRead);
                    }
                }
            }
        }

        Assert.InRange(owner.ConsumedBytes, 0, appended);
        ours.Complete();
        ours.CompleteWriter(null);
        Assert.Equal(0, pool.RentedCount);
    }

    private static void AssertSame(Exception? ours, Exception? theirs) => Assert.Equal(theirs?.GetType(), ours?.GetType());

    private static void AssertSame(in ReadResult ours, in ReadResult theirs)
    {
        Assert.Equal(theirs.Buffer.ToArray(), ours.Buffer.ToArray());
        Assert.Equal((theirs.IsCompleted, theirs.IsCanceled), (ours.IsCompleted, ours.IsCanceled));
    }
}
