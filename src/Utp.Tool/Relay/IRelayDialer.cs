using System.Net;
using System.Net.Sockets;

namespace Utp.Tool.Relay;

/// <summary>Where a relay's connections go.</summary>
internal interface IRelayDialer : IAsyncDisposable
{
    ValueTask<RelayEnd> ConnectAsync(CancellationToken cancellationToken);
}

internal sealed class UtpRelayDialer(UtpClient client, UtpEndPoint remote) : IRelayDialer
{
    public async ValueTask<RelayEnd> ConnectAsync(CancellationToken cancellationToken) =>
        new UtpRelayEnd(await client.ConnectAsync(remote, null, cancellationToken).ConfigureAwait(false));

    public ValueTask DisposeAsync() => client.DisposeAsync();
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

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
