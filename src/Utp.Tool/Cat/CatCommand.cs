using System.CommandLine;

namespace Utp.Tool.Cat;

/// <summary><c>utp cat</c>: netcat over uTP.</summary>
internal static class CatCommand
{
    public static Command Create(ToolConsole console, Interruption interruption)
    {
        var host = new Argument<string?>("HOST") { Description = "Where to connect; HOST:PORT in one word will do", Arity = ArgumentArity.ZeroOrOne };
        var port = new Argument<int?>("PORT") { Description = "UDP port to connect to", Arity = ArgumentArity.ZeroOrOne };
        var listen = new Option<int?>("--listen", "-l")
        {
            HelpName = "PORT",
            Description = "Wait for one connection on this UDP port instead; 0 lets the system choose",
        };
        var bind = new Option<string?>("--bind") { HelpName = "ADDRESS", Description = "Local address to listen on; all addresses when not given" };
        var command = new Command(
            "cat",
            "Connects standard input and output to a peer. The end of the input closes that direction only; ends when both have ended.")
        {
            host, port, listen, bind,
        };
        var flags = TransportFlags.AddTo(command);
        command.SetAction((parsed, _) =>
        {
            var options = flags.Read(parsed, closeOnPeerFinish: false);
            return (parsed.GetValue(host), parsed.GetValue(port), parsed.GetValue(listen)) switch
            {
                (null, null, { } local) => ListenAsync(Addresses.ToListen(local, parsed.GetValue(bind)), options, console, interruption),
                ({ } remote, { } remotePort, null) when parsed.GetValue(bind) is null =>
                    ConnectAsync(Addresses.ToConnect(remote, remotePort), options, console, interruption),
                ({ } remote, null, null) when parsed.GetValue(bind) is null && UtpEndPoint.TryParse(remote, out UtpEndPoint? _) =>
                    ConnectAsync(Addresses.Parse(remote, toListen: false), options, console, interruption),
                _ => throw new UsageException("Give either HOST and PORT to connect to, or -l PORT (and --bind ADDRESS) to listen on."),
            };
        });
        return command;
    }

    private static async Task<int> ConnectAsync(UtpEndPoint remote, UtpTransportOptions options, ToolConsole console, Interruption interruption)
    {
        var client = new UtpClient(null, new UtpEngineOptions { Transport = options });
        await using (client.ConfigureAwait(false))
        {
            var stream = await client.ConnectAsync(remote, null, interruption.Closing).ConfigureAwait(false);
            await new Conversation(stream, console).RunAsync(interruption).ConfigureAwait(false);
        }

        return ExitCode.Success;
    }

    private static async Task<int> ListenAsync(UtpEndPoint local, UtpTransportOptions options, ToolConsole console, Interruption interruption)
    {
        var listener = await UtpListener.BindAsync(local, null, new UtpEngineOptions { Transport = options }, interruption.Closing).ConfigureAwait(false);
        await using (listener.ConfigureAwait(false))
        {
            console.WriteErrorLine($"Listening on {listener}");
            var stream = await listener.AcceptAsync(interruption.Closing).ConfigureAwait(false);
            await listener.StopAsync().ConfigureAwait(false);
            await new Conversation(stream, console).RunAsync(interruption).ConfigureAwait(false);
        }

        return ExitCode.Success;
    }
}
