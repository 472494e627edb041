using System.Net;
using System.Net.Sockets;

namespace Utp.Tool.Relay;

/// <summary>Where a relay's connections go.</summary>
internal interface IRelayDialer
{
    ValueTask<RelayEnd> ConnectAsync(CancellationToken cancellationToken);
}

internal sealed class UtpRelayDialer(RelayTransport transport, UtpEndPoint remote) : IRelayDialer
{
    public async ValueTask<RelayEnd> ConnectAsync(CancellationToken cancellationToken) =>
        new UtpRelayEnd(await transport.ConnectAsync(remote, cancellationToken).ConfigureAwait(false));
}

internal sealed class TcpRelayDialer(UtpEndPoint remote, TimeSpan timeout) : IRelayDialer
{
    public async ValueTask<RelayEnd> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            EndPoint target = remote.IPEndPoint is { } known ? known : new DnsEndPoint(remote.Host, remote.Port);
            await socket.ConnectAsync(target, limit.Token).ConfigureAwait(false);
            return new TcpRelayEnd(socket);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            socket.Dispose();
            throw new SocketException((int)SocketError.TimedOut);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
