using System.CommandLine;
using Spectre.Console;

namespace Utp.Tool.Relay;

/// <summary><c>utp relay</c>: accepts on one side and connects on the other, uTP or TCP each.</summary>
internal static class RelayCommand
{
    public static Command Create(ToolConsole console, Interruption interruption)
    {
        var listen = new Option<string>("--listen")
        {
            HelpName = "URL",
            Required = true,
            Description = "utp://ADDRESS:PORT or tcp://ADDRESS:PORT to accept on; port 0 lets the system choose",
        };
        var connect = new Option<string>("--connect") { HelpName = "URL", Required = true, Description = "utp://HOST:PORT or tcp://HOST:PORT to connect to" };
        var live = new Option<bool>("--live") { Description = "Show a live table of the connections when the output is a terminal" };
        var command = new Command("relay", "Accepts connections on one side and connects each to the other, uTP or TCP. Ends with Ctrl+C.")
        {
            listen, connect, live,
        };
        var flags = TransportFlags.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            var from = RelayAddress.Parse(parsed.GetRequiredValue(listen), toListen: true);
            var to = RelayAddress.Parse(parsed.GetRequiredValue(connect), toListen: false);
            if (!from.IsUtp && !to.IsUtp && flags.IsTracing(parsed))
            {
                throw new UsageException("--trace records uTP, and neither side of this relay is utp://. Remove --trace.");
            }

            var options = flags.Read(parsed, closeOnPeerFinish: false);
            await RunAsync(from, to, options, console, parsed.GetValue(live) ? console.Terminal : null, interruption).ConfigureAwait(false);
            return ExitCode.Success;
        });
        return command;
    }

    private static async Task RunAsync(
        RelayAddress from, RelayAddress to, UtpTransportOptions options, ToolConsole console, IAnsiConsole? terminal, Interruption interruption)
    {
        var transport = new RelayTransport(options);
        await using (transport.ConfigureAwait(false))
        {
            IRelayDialer dialer = to.IsUtp ? new UtpRelayDialer(transport, to.EndPoint) : new TcpRelayDialer(to.EndPoint, options.ConnectTimeout);
            var listener = from.IsUtp
                ? await transport.BindAsync(from.EndPoint, interruption.Closing).ConfigureAwait(false)
                : TcpRelayListener.Bind(await Addresses.ResolveAsync(from.EndPoint, interruption.Closing).ConfigureAwait(false));
            await using (listener.ConfigureAwait(false))
            {
                await new RelayServer(listener, dialer, console, terminal, to.ToString()).RunAsync(interruption).ConfigureAwait(false);
            }
        }
    }
}
