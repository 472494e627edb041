using System.CommandLine;

namespace Utp.Tool.Relay;

/// <summary><c>utp relay</c>: accepts on one side and connects on the other, uTP or TCP each.</summary>
internal static class RelayCommand
{
    /// <summary>Connections of one relay to a uTP target, at most.</summary>
    private const int MaxConnections = 60_000;

    public static Command Create(ToolConsole console, Interruption interruption)
    {
        var listen = new Option<string>("--listen") { HelpName = "URL", Required = true, Description = "utp://ADDRESS:PORT or tcp://ADDRESS:PORT to accept on; port 0 lets the system choose" };
        var connect = new Option<string>("--connect") { HelpName = "URL", Required = true, Description = "utp://HOST:PORT or tcp://HOST:PORT to connect to" };
        var live = new Option<bool>("--live") { Description = "A live table of the connections, when the output is a terminal" };
        var command = new Command("relay", "Accepts connections on one side and connects each to the other, uTP or TCP. Ends with Ctrl+C.") { listen, connect, live };
        var flags = TransportFlags.AddTo(command, traces: false);
        command.SetAction(async (parsed, _) =>
        {
            var from = RelayAddress.Parse(parsed.GetRequiredValue(listen), toListen: true);
            var to = RelayAddress.Parse(parsed.GetRequiredValue(connect), toListen: false);
            var options = flags.Read(parsed, closeOnPeerFinish: false);
            var dialer = CreateDialer(to, options);
            await using (dialer.ConfigureAwait(false))
            {
                var listener = await CreateListenerAsync(from, options, interruption.Closing).ConfigureAwait(false);
                await using (listener.ConfigureAwait(false))
                {
                    var terminal = parsed.GetValue(live) ? console.Terminal : null;
                    await new RelayServer(listener, dialer, console, terminal, to.ToString()).RunAsync(interruption).ConfigureAwait(false);
                }
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static IRelayDialer CreateDialer(RelayAddress to, UtpTransportOptions options)
    {
        if (!to.IsUtp)
        {
            return new TcpRelayDialer(to.EndPoint, options.ConnectTimeout);
        }

        var client = new UtpClientOptions { MaxConnections = MaxConnections };
        options.CopyTo(client);
        return new UtpRelayDialer(new UtpClient(client, options), to.EndPoint);
    }

    private static async ValueTask<IRelayListener> CreateListenerAsync(RelayAddress from, UtpTransportOptions options, CancellationToken cancellationToken) =>
        from.IsUtp
            ? new UtpRelayListener(await UtpListener.BindAsync(from.EndPoint, null, options, null, cancellationToken).ConfigureAwait(false))
            : TcpRelayListener.Bind(await Addresses.ResolveAsync(from.EndPoint, cancellationToken).ConfigureAwait(false));
}
