using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Utp.Tool.Bench;

/// <summary>The loops that are measured: the same for both transports and both sides, over pipes, without allocation for each message.</summary>
internal static class BenchTraffic
{
    private const byte More = 0;
    private const byte Last = 1;

    /// <summary>Sends messages, a flush each, and waits until the receiver says that it has everything.</summary>
    /// <exception cref="OperationCanceledException">Interrupted before all bytes were sent.</exception>
    public static async Task SendAsync(IDuplexPipe pipe, BenchHeader header, StreamMeter meter, CancellationToken cancellationToken)
    {
        var message = new byte[header.MessageSize];
        var startedAt = Stopwatch.GetTimestamp();
        var sent = 0L;
        bool isLast;
        do
        {
            var length = message.Length;
            if (header.Bytes > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                length = (int)Math.Min(length, header.Bytes - sent);
                isLast = sent + length == header.Bytes;
            }
            else
            {
                isLast = cancellationToken.IsCancellationRequested || Stopwatch.GetElapsedTime(startedAt).TotalMilliseconds >= header.Milliseconds;
            }

            message[0] = isLast ? Last : More;
            pipe.Output.Write(message.AsSpan(0, length));
            ThrowIfEnded(await pipe.Output.FlushAsync(CancellationToken.None).ConfigureAwait(false));
            sent += length;
            meter.AddBytes(length);
            meter.AddMessage();
        }
        while (!isLast);

        await ReadConfirmationAsync(pipe.Input, sent, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Receives what <see cref="SendAsync"/> sends, and confirms it.</summary>
    public static async Task ReceiveAsync(IDuplexPipe pipe, BenchHeader header, StreamMeter meter, CancellationToken cancellationToken)
    {
        var end = header.Bytes > 0 ? header.Bytes : long.MaxValue;
        var received = 0L;
        var nextMessage = 0L;
        while (received < end)
        {
            var result = await pipe.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
            var position = received;
            foreach (var memory in result.Buffer)
            {
                for (; nextMessage < position + memory.Length; nextMessage += header.MessageSize)
                {
                    if (header.Bytes == 0 && memory.Span[(int)(nextMessage - position)] == Last)
                    {
                        end = nextMessage + header.MessageSize;
                    }
                }

                position += memory.Length;
            }

            pipe.Input.AdvanceTo(result.Buffer.End);
            meter.AddBytes(position - received);
            meter.AddMessages((position / header.MessageSize) - (received / header.MessageSize));
            received = position;
            if (result.IsCompleted && received < end)
            {
                throw new ToolException("The connection ended in the middle of the measurement.");
            }
        }

        await WriteConfirmationAsync(pipe.Output, received).ConfigureAwait(false);
    }

    /// <summary>Sends a message and waits for it to come back, again and again.</summary>
    public static async Task EchoAsync(IDuplexPipe pipe, BenchHeader header, StreamMeter meter, CancellationToken cancellationToken)
    {
        var message = new byte[header.MessageSize];
        var startedAt = Stopwatch.GetTimestamp();
        var sent = 0L;
        while (header.Bytes > 0 ? sent < header.Bytes : Stopwatch.GetElapsedTime(startedAt).TotalMilliseconds < header.Milliseconds)
        {
            var sentAt = Stopwatch.GetTimestamp();
            pipe.Output.Write(message);
            ThrowIfEnded(await pipe.Output.FlushAsync(cancellationToken).ConfigureAwait(false));
            await SkipAsync(pipe.Input, message.Length, cancellationToken).ConfigureAwait(false);
            meter.Latency.Record(sentAt);
            meter.AddBytes(message.Length);
            meter.AddMessage();
            sent += message.Length;
        }
    }

    /// <summary>Sends back whatever comes, until the peer ends.</summary>
    public static async Task ReflectAsync(IDuplexPipe pipe, BenchHeader header, StreamMeter meter, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await pipe.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
            foreach (var memory in result.Buffer)
            {
                pipe.Output.Write(memory.Span);
            }

            var messagesBefore = meter.Bytes / header.MessageSize;
            meter.AddBytes(result.Buffer.Length);
            meter.AddMessages((meter.Bytes / header.MessageSize) - messagesBefore);
            pipe.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return;
            }

            ThrowIfEnded(await pipe.Output.FlushAsync(cancellationToken).ConfigureAwait(false));
        }
    }

    /// <summary>Reads exactly so many bytes, and does not look at them.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public static async ValueTask SkipAsync(PipeReader input, int count, CancellationToken cancellationToken)
    {
        var left = (long)count;
        while (left > 0)
        {
            var result = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            var taken = Math.Min(left, result.Buffer.Length);
            input.AdvanceTo(result.Buffer.GetPosition(taken));
            left -= taken;
            if (result.IsCompleted && left > 0)
            {
                throw new ToolException("The connection ended in the middle of the measurement.");
            }
        }
    }

    public static void ThrowIfEnded(FlushResult result)
    {
        if (result.IsCompleted)
        {
            throw new ToolException("The peer closed the connection in the middle of the measurement.");
        }
    }

    private static async Task WriteConfirmationAsync(PipeWriter output, long received)
    {
        BinaryPrimitives.WriteInt64BigEndian(output.GetSpan(sizeof(long)), received);
        output.Advance(sizeof(long));
        ThrowIfEnded(await output.FlushAsync(CancellationToken.None).ConfigureAwait(false));
    }

    private static async Task ReadConfirmationAsync(PipeReader input, long sent, CancellationToken cancellationToken)
    {
        var result = await input.ReadAtLeastAsync(sizeof(long), cancellationToken).ConfigureAwait(false);
        if (result.Buffer.Length < sizeof(long))
        {
            throw new ToolException("The peer closed the connection before it had everything.");
        }

        var bytes = result.Buffer.Slice(0, sizeof(long));
        var received = BinaryPrimitives.ReadInt64BigEndian(bytes.ToArray());
        input.AdvanceTo(bytes.End);
        if (received != sent)
        {
            throw new ToolException($"The peer received {received} of {sent} bytes.");
        }
    }
}
