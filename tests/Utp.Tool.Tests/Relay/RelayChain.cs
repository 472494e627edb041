using System.Net;
using System.Net.Sockets;
using Utp.Tool.Tests.Harness;

namespace Utp.Tool.Tests.Relay;

/// <summary>tcp - relay - uTP - relay - tcp.</summary>
internal sealed class RelayChain : IAsyncDisposable
{
    private readonly TcpListener? _server;
    private readonly List<Socket> _sockets = [];

    private RelayChain(TcpListener? server, CommandRun entrance, CommandRun exit, int port)
    {
        _server = server;
        Relays = [entrance, exit];
        Port = port;
    }

    /// <summary>The one that TCP clients connect to, and the one that connects to the TCP server.</summary>
    public CommandRun[] Relays { get; }

    /// <summary>Where TCP clients connect.</summary>
    public int Port { get; }

    /// <summary>In front of a server of the test's, or of its own.</summary>
    public static async Task<RelayChain> CreateAsync(int? serverPort = null)
    {
        TcpListener? server = null;
        if (serverPort is null)
        {
            server = new TcpListener(IPAddress.Loopback, 0);
            server.Start();
            serverPort = ((IPEndPoint)server.LocalEndpoint).Port;
        }

        var exit = CommandRun.Start("relay", "--listen", "utp://127.0.0.1:0", "--connect", $"tcp://127.0.0.1:{serverPort}");
        var entrance = CommandRun.Start("relay", "--listen", "tcp://127.0.0.1:0", "--connect", $"utp://127.0.0.1:{await exit.PortAsync()}");
        return new RelayChain(server, entrance, exit, await entrance.PortAsync());
    }

    public async Task<(Socket Client, Socket Server)> ConnectAsync()
    {
        var accept = AcceptAsync();
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        _sockets.Add(client);
        await client.ConnectAsync(IPAddress.Loopback, Port).WaitAsync(CommandRun.Patience);
        return (client, await accept);
    }

    /// <summary>The next connection at the far end.</summary>
    public async Task<Socket> AcceptAsync()
    {
        var server = await _server!.AcceptSocketAsync().WaitAsync(CommandRun.Patience);
        _sockets.Add(server);
        return server;
    }

    public static async Task<byte[]> ReadToEndAsync(Socket socket)
    {
        using var all = new MemoryStream();
        var block = new byte[4096];
        int count;
        while ((count = await socket.ReceiveAsync(block).WaitAsync(CommandRun.Patience)) > 0)
        {
            all.Write(block, 0, count);
        }

        return all.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        _sockets.ForEach(socket => socket.Dispose());
        _server?.Dispose();
        foreach (var relay in Relays)
        {
            await relay.DisposeAsync();
        }
    }
}
