namespace Utp.Tool.Files;

/// <summary>The end of a transfer: graceful when it succeeded, and otherwise a RESET, so that the other side does not wait for the rest.</summary>
internal static class TransferScope
{
    public static async Task RunAsync(UtpStream stream, Func<Task> transfer)
    {
        await using (stream.ConfigureAwait(false))
        {
            try
            {
                await transfer().ConfigureAwait(false);
            }
            catch (EndOfStreamException e)
            {
                stream.Abort();
                throw new ToolException($"The peer {stream.RemoteEndPoint} ended the transfer before it was complete.", e);
            }
            catch
            {
                stream.Abort();
                throw;
            }
        }
    }
}
