using System.Net;
using System.Net.Sockets;
using Utp.Transport.Connections;
using Utp.Transport.Rendezvous;

namespace Utp.Transport;

/// <content>Connecting two peers that are both behind a NAT.</content>
public sealed partial class UtpSocket
{
    /// <summary>The time between the packets that open the target's NAT, and between the attempts of an initiator that was refused.</summary>
    private static readonly TimeSpan RendezvousInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>The shortest connect timeout that the options allow.</summary>
    private static readonly TimeSpan ShortestAttempt = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Connects two peers that are both behind a NAT (hole punching, BEP 55). A third peer that both know tells each the endpoint of the other,
    /// for example by <see cref="UtpHolePunchMessage"/>. Then both call this method at about the same time, and both get the same connection.
    /// </summary>
    /// <remarks>
    /// The target sends small packets to the initiator, so that its own NAT lets the initiator's packets in, and accepts. The initiator connects, which
    /// opens its own NAT. Its first request may come too early, and then the next one arrives, about a second later. It tries again when a NAT
    /// reports that the port is closed. This works with NATs that use one external port for all destinations. A target whose initiator does not use this
    /// library works too, if that one connects. If the initiator's request has arrived before the target calls this method, a pending
    /// <see cref="AcceptAsync"/> may have got the connection. The accept filter applies as always.
    /// </remarks>
    /// <param name="remote">The endpoint of the other peer, as a third one sees it.</param>
    /// <param name="role">The initiator is the peer that asked for the rendezvous; the target is the other one.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection as a stream, for the caller to dispose.</returns>
    /// <exception cref="SocketException">
    /// There was no connection within <see cref="UtpConnectionOptions.ConnectTimeout"/>, or the address is not of this socket's family.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The socket has <see cref="UtpSocketOptions.MaxConnections"/> connections already, or another call waits for the same peer.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The socket is disposed, or, for a target, has stopped accepting.</exception>
    public async ValueTask<UtpStream> RendezvousAsync(IPEndPoint remote, UtpRendezvousRole role, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(remote);
        return role switch
        {
            UtpRendezvousRole.Initiator => await ConnectPatientlyAsync(remote, cancellationToken).ConfigureAwait(false),
            UtpRendezvousRole.Target => await AcceptFromAsync(remote, cancellationToken).ConfigureAwait(false),
            _ => throw new ArgumentOutOfRangeException(nameof(role), role, "A peer is Initiator or Target."),
        };
    }

    /// <summary>Connects, and tries again until the connect timeout when the other side refuses: its NAT may not be open yet.</summary>
    private async ValueTask<UtpStream> ConnectPatientlyAsync(IPEndPoint remote, CancellationToken cancellationToken)
    {
        var time = _engine.Clock.TimeProvider;
        var started = time.GetTimestamp();
        var left = _options.ConnectTimeout;
        while (true)
        {
            try
            {
                return await ConnectAsync(remote, new UtpConnectionOptions { ConnectTimeout = left }, cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.HostUnreachable)
            {
                left = _options.ConnectTimeout - time.GetElapsedTime(started) - RendezvousInterval;
                if (left < ShortestAttempt)
                {
                    throw;
                }
            }

            await Task.Delay(RendezvousInterval, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<UtpStream> AcceptFromAsync(IPEndPoint remote, CancellationToken cancellationToken)
    {
        if (Route.Find(remote, [LocalEndPoint]) is null)
        {
            throw UtpErrors.OtherFamily(LocalEndPoint, remote);
        }

        var time = _engine.Clock.TimeProvider;
        using var timeout = new CancellationTokenSource(_options.ConnectTimeout, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var accepted = _listener.AcceptFromAsync(remote, end.Token);
        while (!accepted.IsCompleted)
        {
            TrySend(remote, PathOpener.Create());
            await Task.WhenAny(accepted, Task.Delay(RendezvousInterval, time, end.Token)).ConfigureAwait(false);
        }

        try
        {
            return new UtpStream(await accepted.ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw UtpErrors.NoRendezvous(remote);
        }
        catch (OperationCanceledException)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }
}
