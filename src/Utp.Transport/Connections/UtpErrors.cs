using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Utp.Protocol.Connections.Closing;

namespace Utp.Transport.Connections;

/// <summary>Creates all exceptions of connections. Connections that were reset or have timed out throw the types that Kestrel and its clients expect.</summary>
internal static class UtpErrors
{
    /// <summary>Gets the exception that a reader sees when the connection has ended; null for the end of the stream.</summary>
    /// <param name="reason">Why the connection has ended.</param>
    /// <param name="evidence">How this side knows, if the peer has ended it.</param>
    public static Exception? ForReader(UtpCloseReason reason, CloseEvidence evidence = CloseEvidence.None) => reason switch
    {
        UtpCloseReason.None or UtpCloseReason.Graceful => null,
        UtpCloseReason.LocalAbort => new ConnectionAbortedException("The connection was aborted by this side."),
        UtpCloseReason.RetransmissionTimeout => TimedOut("The connection timed out: the peer acknowledged no data for the idle timeout (IdleTimeout)."),
        UtpCloseReason.IdleTimeout => TimedOut("The connection timed out: nothing came from the peer for the idle timeout (IdleTimeout)."),
        UtpCloseReason.LingerTimeout => TimedOut("The peer did not acknowledge the last bytes of the closed connection within LingerTimeout."),
        UtpCloseReason.Unreachable => new ConnectionResetException(
            "There is no path to the peer: an ICMP error, or this system, says so.", new SocketException((int)SocketError.HostUnreachable)),
        _ => new ConnectionResetException(evidence switch
        {
            CloseEvidence.PortUnreachable => "The peer's process has ended: its host reports that no socket has the port (ICMP port unreachable).",
            CloseEvidence.PeerRestarted => "The peer's process has ended: another process connects from its port with the same connection id.",
            _ => "The connection was reset by the peer.",
        }, new SocketException((int)SocketError.ConnectionReset)),
    };

    public static SocketException ForConnect(UtpCloseReason reason, EndPoint remote) => reason switch
    {
        UtpCloseReason.Refused or UtpCloseReason.PeerReset =>
            new SocketException((int)SocketError.ConnectionRefused, $"The uTP connection to {remote} was refused: no uTP listener has that port."),
        UtpCloseReason.Unreachable =>
            new SocketException((int)SocketError.HostUnreachable, $"The uTP connection to {remote} failed: there is no path to it."),
        UtpCloseReason.LocalAbort =>
            new SocketException((int)SocketError.OperationAborted, $"The uTP connection to {remote} was aborted by this side."),
        _ => new SocketException(
            (int)SocketError.TimedOut, $"The uTP connection to {remote} failed: no answer within the connect timeout (ConnectTimeout)."),
    };

    public static SocketException NoRendezvous(EndPoint remote) => new(
        (int)SocketError.TimedOut, $"No uTP connection came from {remote} within the connect timeout (ConnectTimeout).");

    public static SocketException HostNotFound(string host) =>
        new((int)SocketError.HostNotFound, $"The host '{host}' has no address that this client can connect from.");

    public static SocketException HostNotResolved(string host, SocketException failure) =>
        new((int)failure.SocketErrorCode, $"The host '{host}' cannot be resolved: {failure.Message}. Correct the name, or give an IP address.");

    public static SocketException NoIPv6() =>
        new((int)SocketError.AddressFamilyNotSupported, "This system does not support IPv6.");

    /// <summary>Creates the exception for a connect from a local endpoint that cannot send to the remote one.</summary>
    public static SocketException OtherFamily(IPEndPoint local, IPEndPoint remote) => new(
        (int)SocketError.AddressFamilyNotSupported,
        $"The local endpoint {local} is {FamilyOf(local)}, and cannot connect to {remote}, which is {FamilyOf(remote)}. "
        + $"Connect from an endpoint of that family, or from [::]:{local.Port}, which reaches both.");

    public static InvalidOperationException LocalListenerNotBound(string client, string listener)
    {
        var (name, key) = client.Length == 0
            ? ("default uTP client", "UtpClientOptions.LocalListener")
            : ($"uTP client '{client}'", $"Utp:Clients:{client}:LocalListener");
        return new($"The {name} connects from the port of the listener '{listener}' ({key}), which is not bound. Connect after the host has started and "
            + "before it stops, or remove the setting to connect from any port.");
    }

    public static ArgumentException LocalListenerWithoutHost(string parameterName) => new(
        "UtpClientOptions.LocalListener names a listener of a host, and a UtpClient has none. Use UtpSocket, which listens and connects from one port.",
        parameterName);

    public static InvalidOperationException PeerExpectedTwice(IPEndPoint remote) => new(
        $"Another call already waits for a connection from {remote}. Await that one, or cancel it first.");

    public static InvalidOperationException TooManyConnections(int limit) => new(
        $"The UDP socket already has the {limit} connections that Utp:Transport:MaxConnections allows.");

    /// <summary>
    /// Creates the exception for a connect without a free connection id. An id has 16 bits, and each connection takes two: about 28,000 connections fit
    /// between two UDP sockets, including those that linger after their end.
    /// </summary>
    public static InvalidOperationException NoFreeId(IPEndPoint remote) => new(
        $"Every connection id between this UDP socket and {remote} is in use, also by connections that have ended a moment ago. Keep connections open "
        + "for longer, or connect from another local endpoint, which has a socket of its own.");

    public static InvalidOperationException TooManyClientConnections(string client, int limit) => new(client.Length == 0
        ? $"There are already the {limit} connections that MaxConnections allows. Close one first, or raise the limit."
        : $"The uTP client '{client}' already has the {limit} connections that Utp:Clients:{client}:MaxConnections allows.");

    public static ConnectionAbortedException AbortedByApplication() => new("The connection was aborted by the application.");

    public static ConnectionAbortedException ClosedGracefully() => new("The connection was closed gracefully by this side.");

    public static ConnectionAbortedException OutputCompleted() => new("The connection was closed because its output was completed and delivered.");

    public static ConnectionAbortedException OutputFailed(Exception inner) => new("The application completed its output with an error.", inner);

    public static ConnectionAbortedException EngineStopped() => new("The uTP engine has stopped.");

    public static ConnectionAbortedException SocketFailed(EndPoint local, Exception failure) => new(SocketFailedText(local, failure), failure);

    public static SocketException ConnectSocketFailed(EndPoint local, Exception failure) =>
        new((int)SocketError.ConnectionAborted, $"{SocketFailedText(local, failure)} Another attempt gets another socket.");

    public static ConnectionAbortedException NoMemory() =>
        new("The connection was aborted because there was no memory for the bytes that its peer had sent.");

    public static IOException ListenerFailed(EndPoint endPoint, Exception failure) => new(
        $"The uTP listener on {endPoint} accepts no more connections: its UDP socket failed, and binding the address again did not succeed. "
        + $"{failure.Message} Remove the cause, which the log names, and bind again.",
        failure);

    public static IOException NoThread(EndPoint local, Exception inner) => new(
        $"The receive thread of the UDP socket {local} could not be started: {inner.Message} The socket is closed again. The process has reached "
        + "a limit of threads or memory: raise it (ulimit -u, or the limit of processes of the container), or set Utp:Transport:Shards to 1.",
        inner);

    public static ConnectionAbortedException NotAccepted() => new("The listener stopped before the connection was accepted.");

    public static IOException TraceNotWritable(string path, Exception inner) => new(
        $"Utp:Transport:TracePath is '{path}', which cannot be written: {inner.Message} Name a file that this program may write, or remove the key to "
        + "trace nothing.",
        inner);

    public static ObjectDisposedException EngineDisposed() => new("UtpEngine", "The uTP engine has stopped.");

    public static AddressInUseException AddressInUse(EndPoint endPoint) => new($"Another uTP listener of this process is bound to {endPoint}.");

    /// <summary>Creates the exception of a stream for a write after the end of the connection. Pipes return <c>FlushResult.IsCompleted</c> instead.</summary>
    public static IOException WriteAfterEnd(UtpCloseReason reason)
    {
        var cause = ForReader(reason) as ConnectionResetException ?? new ConnectionResetException("The connection is closed.");
        return new IOException($"Cannot write: {cause.Message}", cause);
    }

    public static IOException ReadAfterAbort(ConnectionAbortedException cause) => new($"Cannot read: {cause.Message}", cause);

    public static IOException WriteAfterAbort(ConnectionAbortedException cause) => new($"Cannot write: {cause.Message}", cause);

    public static IOException ReadTimedOut(int milliseconds) => new(
        $"Cannot read: nothing has arrived for {milliseconds} ms (ReadTimeout).", new SocketException((int)SocketError.TimedOut));

    public static IOException WriteTimedOut(int milliseconds) => new(
        $"Cannot write: the peer has not acknowledged enough bytes for {milliseconds} ms (WriteTimeout). Part of the bytes will still be sent.",
        new SocketException((int)SocketError.TimedOut));

    private static ConnectionResetException TimedOut(string message) => new(message, new TimeoutException(message));

    private static string FamilyOf(IPEndPoint endPoint) => endPoint.AddressFamily == AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4";

    private static string SocketFailedText(EndPoint local, Exception failure) =>
        $"The UDP socket {local} of the connection failed: {failure.Message} The log has the details (EngineFailed).";
}
