using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Utp.Tool.Relay;

/// <summary>Where a relay's connections come from.</summary>
internal interface IRelayListener : IAsyncDisposable
{
    string Name { get; }

    ValueTask<RelayEnd> AcceptAsync(CancellationToken cancellationToken);
}

internal sealed class UtpRelayListener(RelayTransport transport, IConnectionListener listener) : IRelayListener
{
    public string Name => ((UtpEndPoint)listener.EndPoint).ToUriString();

    public async ValueTask<RelayEnd> AcceptAsync(CancellationToken cancellationToken) =>
        new UtpRelayEnd(await transport.AcceptAsync(listener, cancellationToken).ConfigureAwait(false));

    public ValueTask DisposeAsync() => listener.DisposeAsync();
}

internal sealed class TcpRelayListener : IRelayListener
{
    private readonly Socket _socket;

    private TcpRelayListener(Socket socket) => _socket = socket;

    public string Name => $"tcp://{_socket.LocalEndPoint}";

    public static TcpRelayListener Bind(IPEndPoint local)
    {
        var socket = new Socket(local.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (local.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(local);
            socket.Listen();
            return new TcpRelayListener(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async ValueTask<RelayEnd> AcceptAsync(CancellationToken cancellationToken)
    {
        var socket = await _socket.AcceptAsync(cancellationToken).ConfigureAwait(false);
        socket.NoDelay = true;
        return new TcpRelayEnd(socket);
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
