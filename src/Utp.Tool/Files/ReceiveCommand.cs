using System.CommandLine;
using Microsoft.AspNetCore.Connections;

namespace Utp.Tool.Files;

/// <summary><c>utp receive</c>.</summary>
internal static class ReceiveCommand
{
    public static Command Create(ToolConsole console, Interruption interruption)
    {
        var listen = new Option<int>("--listen", "-l") { HelpName = "PORT", Required = true, Description = "UDP port to listen on; 0 lets the system choose" };
        var bind = new Option<string?>("--bind") { HelpName = "ADDRESS", Description = "Local address to listen on; all addresses when not given" };
        var directory = new Option<string>("--directory", "-d")
        {
            HelpName = "DIRECTORY",
            Description = "Directory to store files in; the current one when not given",
            DefaultValueFactory = _ => ".",
        };
        var overwrite = new Option<bool>("--overwrite") { Description = "Replace files that exist, instead of refusing them" };
        var keep = new Option<bool>("--keep-listening", "-k") { Description = "Serve one sender after the other, until Ctrl+C" };
        var command = new Command("receive", "Receives the files of one 'utp send', or of many.") { listen, bind, directory, overwrite, keep };
        var flags = TransportFlags.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            var path = Path.GetFullPath(parsed.GetRequiredValue(directory));
            if (!Directory.Exists(path))
            {
                throw new ToolException($"There is no directory '{path}'.");
            }

            var options = flags.Read(parsed, closeOnPeerFinish: false, SendCommand.IdleTimeout);
            var local = Addresses.ToListen(parsed.GetValue(listen), parsed.GetValue(bind));
            var listener = await UtpListener.BindAsync(local, null, new UtpEngineOptions { Transport = options }, interruption.Closing).ConfigureAwait(false);
            await using (listener.ConfigureAwait(false))
            {
                console.WriteErrorLine($"Listening on {listener}, storing in {path}");
                var session = new ReceiveSession(console, path, parsed.GetValue(overwrite), interruption.Closing);
                return await (parsed.GetValue(keep) ? session.ServeAsync(listener) : session.ServeOnceAsync(listener)).ConfigureAwait(false);
            }
        });
        return command;
    }

    /// <summary>Senders, one after the other.</summary>
    private sealed class ReceiveSession(ToolConsole console, string directory, bool overwrite, CancellationToken closing)
    {
        public async Task<int> ServeOnceAsync(UtpListener listener)
        {
            var stream = await listener.AcceptAsync(closing).ConfigureAwait(false);
            await listener.StopAsync().ConfigureAwait(false);
            await ReceiveAsync(stream).ConfigureAwait(false);
            return ExitCode.Success;
        }

        /// <summary>Reports a sender that fails, and serves the next one.</summary>
        public async Task<int> ServeAsync(UtpListener listener)
        {
            while (!closing.IsCancellationRequested)
            {
                try
                {
                    await ReceiveAsync(await listener.AcceptAsync(closing).ConfigureAwait(false)).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (closing.IsCancellationRequested)
                {
                    break;
                }
                catch (Exception e) when (e is ToolException or IOException or UnauthorizedAccessException or TimeoutException or ConnectionAbortedException)
                {
                    console.WriteErrorLine($"utp: {e.Message}");
                }
            }

            return ExitCode.Success;
        }

        private Task ReceiveAsync(UtpStream stream) => TransferScope.RunAsync(
            stream,
            () => BarProgress.RunAsync(console, "received", async progress =>
            {
                var count = await new FileReceiver(stream, directory, overwrite, progress).ReceiveAsync(closing).ConfigureAwait(false);
                console.WriteErrorLine($"{count} {(count == 1 ? "file" : "files")} from {stream.RemoteEndPoint}");
            }));
    }
}
