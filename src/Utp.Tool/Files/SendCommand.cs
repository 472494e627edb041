using System.CommandLine;

namespace Utp.Tool.Files;

/// <summary><c>utp send</c>.</summary>
internal static class SendCommand
{
    /// <summary>The idle timeout of a transfer; both sides send keepalives three times as often.</summary>
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(20);

    public static Command Create(ToolConsole console, Interruption interruption)
    {
        var arguments = new Argument<string[]>("FILE... HOST:PORT")
        {
            Description = "The files, and where 'utp receive' listens",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command("send", "Sends files to 'utp receive'. Each arrives whole, verified by its SHA-256, or not at all.") { arguments };
        var flags = TransportFlags.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            var values = parsed.GetRequiredValue(arguments);
            if (values.Length < 2)
            {
                throw new UsageException("Give at least one FILE, and HOST:PORT last.");
            }

            var remote = Addresses.Parse(values[^1], toListen: false);
            var files = Check(values[..^1]);
            var client = new UtpClient(null, new UtpEngineOptions { Transport = flags.Read(parsed, closeOnPeerFinish: false, IdleTimeout) });
            await using (client.ConfigureAwait(false))
            {
                var stream = await client.ConnectAsync(remote, null, interruption.Closing).ConfigureAwait(false);
                await TransferScope.RunAsync(
                    stream,
                    () => BarProgress.RunAsync(console, "sent", progress => new FileSender(stream, progress).SendAsync(files, interruption.Closing)))
                    .ConfigureAwait(false);
            }

            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>Checks, before anything is sent, that all files can be sent and have different names.</summary>
    private static List<FileInfo> Check(string[] paths)
    {
        var files = new List<FileInfo>(paths.Length);
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var path in paths)
        {
            var file = new FileInfo(path);
            if (Directory.Exists(path))
            {
                throw new ToolException($"'{path}' is a directory. Name its files, for example {Path.Combine(path, "*")}.");
            }

            if (!file.Exists)
            {
                throw new ToolException($"There is no file '{path}'.");
            }

            if (FileNames.Check(file.Name) is { } complaint)
            {
                throw new ToolException($"'{file.Name}' cannot be sent: {complaint}.");
            }

            if (!names.Add(file.Name))
            {
                throw new ToolException($"Two of the files are named '{file.Name}'; the receiver stores all of them in one directory.");
            }

            files.Add(file);
        }

        return files;
    }
}
