using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Utp.Tool.Cat;

/// <summary>
/// Copies standard input to the peer, and the peer to standard output, each until its end. It uses the pipes, which saves a copy each way.
/// </summary>
internal sealed class Conversation(UtpStream stream, ToolConsole console)
{
    private const int ReadBytes = 64 * 1024;

    /// <summary>Returns when both directions have ended, and the peer has acknowledged everything that was sent.</summary>
    /// <exception cref="IOException">The connection was lost.</exception>
    /// <exception cref="OperationCanceledException">Interrupted: closed gracefully, or reset when it happened twice.</exception>
    public async Task RunAsync(Interruption interruption)
    {
        using var abort = interruption.Aborting.UnsafeRegister(static state => ((UtpStream)state!).Abort(), stream);
        try
        {
            var fromPeer = ReceiveAsync(interruption.Closing);
            var toPeer = SendAsync(interruption.Closing);

            // A lost peer ends the conversation, although a read of standard input cannot be cancelled.
            var first = await Task.WhenAny(fromPeer, toPeer).ConfigureAwait(false);
            await first.ConfigureAwait(false);
            await (first == fromPeer ? toPeer : fromPeer).WaitAsync(interruption.Closing).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ConnectionAbortedException && interruption.Closing.IsCancellationRequested)
        {
            throw new OperationCanceledException(interruption.Closing);
        }
        finally
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        var input = stream.Connection.Transport.Input;
        while (true)
        {
            var result = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            foreach (var memory in result.Buffer)
            {
                await console.Output.WriteAsync(memory, cancellationToken).ConfigureAwait(false);
            }

            await console.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
            input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return;
            }
        }
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        // On another thread, because standard input may block its reader until a key is pressed.
        await Task.Yield();
        var output = stream.Connection.Transport.Output;
        while (true)
        {
            var count = await console.Input.ReadAsync(output.GetMemory(ReadBytes), cancellationToken).ConfigureAwait(false);
            if (count == 0)
            {
                break;
            }

            output.Advance(count);
            await FlushAsync(output, cancellationToken).ConfigureAwait(false);
        }

        await stream.CompleteWritesAsync(cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask FlushAsync(PipeWriter output, CancellationToken cancellationToken)
    {
        var result = await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (result.IsCompleted)
        {
            throw stream.CloseReason is UtpCloseReason.None or UtpCloseReason.Graceful
                ? new IOException("The connection is closed.")
                : new IOException($"The connection to {stream.RemoteEndPoint} was lost ({stream.CloseReason}).");
        }
    }
}
