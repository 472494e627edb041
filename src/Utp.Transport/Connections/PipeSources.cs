using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace Utp.Transport;

/// <summary>
/// A pipe's reader and writer are themselves what their pending reads and flushes wait on; one at a time, so that the token says nothing.
/// Standing in front of them costs then neither an object per pending call nor a second continuation. That is a fact of the runtime and not
/// a promise, so it is tried once, and where it fails ends of connections await instead.
/// </summary>
internal static class PipeSources
{
    private static readonly bool AreTransparent = Try();

    public static IValueTaskSource<ReadResult>? Of(PipeReader reader) => AreTransparent ? reader as IValueTaskSource<ReadResult> : null;

    public static IValueTaskSource<FlushResult>? Of(PipeWriter writer) => AreTransparent ? writer as IValueTaskSource<FlushResult> : null;

    private static bool Try()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false));
        if (pipe.Reader is not IValueTaskSource<ReadResult> reader || pipe.Writer is not IValueTaskSource<FlushResult> writer)
        {
            return false;
        }

        try
        {
            var pendingRead = pipe.Reader.ReadAsync();
            var isPending = !pendingRead.IsCompleted && reader.GetStatus(0) == ValueTaskSourceStatus.Pending;
            var pendingFlush = pipe.Writer.WriteAsync(new byte[2]);
            isPending &= !pendingFlush.IsCompleted && writer.GetStatus(0) == ValueTaskSourceStatus.Pending;
            if (!isPending || reader.GetStatus(0) != ValueTaskSourceStatus.Succeeded)
            {
                return false;
            }

            var read = reader.GetResult(0);
            var length = read.Buffer.Length;
            pipe.Reader.AdvanceTo(read.Buffer.End);
            return length == 2 && writer.GetStatus(0) == ValueTaskSourceStatus.Succeeded && !writer.GetResult(0).IsCompleted;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
