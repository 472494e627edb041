using System.Net;
using Microsoft.Extensions.Logging;

namespace Utp.Transport.Diagnostics;

/// <summary>
/// The log messages of the transport. Ids and names are stable, because operators filter on them: 1-29 for sockets and the engine, 30-59 for
/// connections, 60-89 for servers and clients. Datagram channels have ids from 1000 in their own class. Nothing is logged per packet.
/// </summary>
internal static partial class UtpLog
{
    /// <summary>Category of sockets, the engine, listeners and clients.</summary>
    public const string TransportCategory = "Utp.Transport";

    /// <summary>Category of single connections.</summary>
    public const string ConnectionsCategory = "Utp.Transport.Connections";

    [LoggerMessage(2, LogLevel.Debug, "UDP socket {LocalEndPoint} closed.", EventName = "SocketClosed")]
    public static partial void SocketClosed(ILogger logger, EndPoint localEndPoint);

    [LoggerMessage(7, LogLevel.Error, "The handler of non-uTP datagrams threw; the datagram is dropped.", EventName = "NonUtpDatagramHandlerFailed")]
    public static partial void NonUtpDatagramHandlerFailed(ILogger logger, Exception exception);

    [LoggerMessage(11, LogLevel.Debug, "uTP engine stopped.", EventName = "EngineStopped")]
    public static partial void EngineStopped(ILogger logger);

    [LoggerMessage(12, LogLevel.Warning,
        "uTP engine stopped while {ConnectionCount} connections had not delivered everything.", EventName = "EngineStoppedEarly")]
    public static partial void EngineStoppedEarly(ILogger logger, int connectionCount);

    [LoggerMessage(13, LogLevel.Critical, "The UDP socket {LocalEndPoint} failed with an unexpected error; its connections end.", EventName = "EngineFailed")]
    public static partial void EngineFailed(ILogger logger, EndPoint localEndPoint, Exception exception);

    [LoggerMessage(14, LogLevel.Information, "Now listening on: {Address}", EventName = "NowListening")]
    public static partial void NowListening(ILogger logger, string address);

    [LoggerMessage(15, LogLevel.Debug, "No longer accepting connections on {Address}.", EventName = "ListenerUnbound")]
    public static partial void ListenerUnbound(ILogger logger, string address);

    [LoggerMessage(16, LogLevel.Debug, "Listener on {Address} closed.", EventName = "ListenerClosed")]
    public static partial void ListenerClosed(ILogger logger, string address);

    [LoggerMessage(17, LogLevel.Information, "Tracing connections to {Path}.", EventName = "TraceStarted")]
    public static partial void TraceStarted(ILogger logger, string path);

    [LoggerMessage(18, LogLevel.Error,
        "The trace file {Path} (Utp:Transport:TracePath) cannot be written any more; the trace ends here.", EventName = "TraceFailed")]
    public static partial void TraceFailed(ILogger logger, string path, Exception exception);

    [LoggerMessage(19, LogLevel.Warning, "{RecordCount} records are missing in the trace file {Path}.", EventName = "TraceIncomplete")]
    public static partial void TraceIncomplete(ILogger logger, string path, long recordCount);

    [LoggerMessage(25, LogLevel.Warning,
        "The UDP socket of the listener on {Address} failed and its connections ended; it is bound again and accepts new "
        + "ones.", EventName = "ListenerBoundAgain")]
    public static partial void ListenerBoundAgain(ILogger logger, string address);

    [LoggerMessage(26, LogLevel.Critical,
        "The UDP socket of the listener on {Address} failed and could not be bound again; the listener accepts no more "
        + "connections. Remove the cause and restart.", EventName = "ListenerLost")]
    public static partial void ListenerLost(ILogger logger, string address, Exception exception);

    [LoggerMessage(27, LogLevel.Error,
        "There is no memory for datagrams that arrive on {LocalEndPoint}; they are dropped until memory is available. Raise the "
        + "memory limit, or lower Utp:Transport:ReceiveBufferSize and MaxConnections.", EventName = "NoMemory")]
    public static partial void NoMemory(ILogger logger, EndPoint localEndPoint);

    [LoggerMessage(28, LogLevel.Error,
        "The accept filter threw for a request at {LocalEndPoint}; the request is dropped. Further exceptions of the filter at this UDP socket "
        + "are not logged.", EventName = "AcceptFilterFailed")]
    public static partial void AcceptFilterFailed(ILogger logger, EndPoint localEndPoint, Exception exception);

    [LoggerMessage(31, LogLevel.Debug, "Connection {ConnectionId}: established with {RemoteEndPoint}.", EventName = "Connected")]
    public static partial void Connected(ILogger logger, string connectionId, EndPoint remoteEndPoint);

    [LoggerMessage(32, LogLevel.Debug, "Connection {ConnectionId}: could not connect to {RemoteEndPoint}: {Reason}.", EventName = "ConnectFailed")]
    public static partial void ConnectFailed(ILogger logger, string connectionId, EndPoint remoteEndPoint, UtpCloseReason reason);

    [LoggerMessage(33, LogLevel.Debug, "Connection {ConnectionId}: accepted from {RemoteEndPoint}.", EventName = "Accepted")]
    public static partial void Accepted(ILogger logger, string connectionId, EndPoint remoteEndPoint);

    [LoggerMessage(36, LogLevel.Debug, "Connection {ConnectionId}: aborting: {Reason}", EventName = "Aborting")]
    public static partial void Aborting(ILogger logger, string connectionId, string reason);

    [LoggerMessage(37, LogLevel.Debug,
        "Connection {ConnectionId}: ended ({Reason}) after {BytesSent} bytes sent and {BytesReceived} received.", EventName = "Closed")]
    public static partial void Closed(ILogger logger, string connectionId, UtpCloseReason reason, long bytesSent, long bytesReceived);

    [LoggerMessage(38, LogLevel.Error, "Connection {ConnectionId}: a callback of ConnectionClosed threw.", EventName = "ConnectionClosedCallbackFailed")]
    public static partial void ConnectionClosedCallbackFailed(ILogger logger, string connectionId, Exception exception);

    [LoggerMessage(60, LogLevel.Error,
        "Connection {ConnectionId}: the connection handler of listener '{Listener}' threw.", EventName = "ConnectionHandlerFailed")]
    public static partial void ConnectionHandlerFailed(ILogger logger, string connectionId, string listener, Exception exception);

    [LoggerMessage(61, LogLevel.Debug,
        "Connection {ConnectionId}: the peer or this program reset it while the handler of listener '{Listener}' ran.", EventName = "ConnectionHandlerReset")]
    public static partial void ConnectionHandlerReset(ILogger logger, string connectionId, string listener, Exception exception);

    [LoggerMessage(62, LogLevel.Error,
        "Connection {ConnectionId}: a callback given to OnCompleted or OnHeartbeat threw.", EventName = "ConnectionCallbackFailed")]
    public static partial void ConnectionCallbackFailed(ILogger logger, string connectionId, Exception exception);

    [LoggerMessage(63, LogLevel.Critical, "Listener '{Listener}' can accept no more connections.", EventName = "AcceptFailed")]
    public static partial void AcceptFailed(ILogger logger, string listener, Exception exception);

    [LoggerMessage(64, LogLevel.Warning,
        "{ConnectionCount} connections were still open at the end of HostOptions.ShutdownTimeout; they are aborted.", EventName = "ConnectionsAborted")]
    public static partial void ConnectionsAborted(ILogger logger, int connectionCount);

    [LoggerMessage(65, LogLevel.Warning,
        "{ConnectionCount} connection handlers still run after their connections were aborted; the server does not wait "
        + "for them.", EventName = "HandlersAbandoned")]
    public static partial void HandlersAbandoned(ILogger logger, int connectionCount);

    [LoggerMessage(66, LogLevel.Warning,
        "{Key} is configured, but nothing in this program serves it: call AddListener(\"{Name}\", ...), or UseUtp() to "
        + "let Kestrel serve it.", EventName = "EndpointNotServed")]
    public static partial void EndpointNotServed(ILogger logger, string key, string name);

    [LoggerMessage(67, LogLevel.Information,
        "uTP endpoints do not replace the server's other addresses: also binding {Addresses}.", EventName = "ServerUrlsKept")]
    public static partial void ServerUrlsKept(ILogger logger, string addresses);

    [LoggerMessage(68, LogLevel.Warning, "Closing listener '{Listener}' failed.", EventName = "ListenerCloseFailed")]
    public static partial void ListenerCloseFailed(ILogger logger, string listener, Exception exception);

    [LoggerMessage(69, LogLevel.Warning,
        "UseUtp() was called, but this program listens on no uTP endpoint. Set Utp:Endpoints:NAME:Url in the configuration, for example to "
        + "utp://0.0.0.0:5000, add utp://0.0.0.0:5000 to the URLs, or call ListenUtp in ConfigureKestrel.", EventName = "NoEndpoint")]
    public static partial void NoEndpoint(ILogger logger);

    [LoggerMessage(70, LogLevel.Warning,
        "The endpoints of Utp:Endpoints are not bound, because PreferHostingUrls lets Kestrel bind its URLs only: {Addresses}. Remove "
        + "PreferHostingUrls, or the URLs.", EventName = "EndpointsReplaced")]
    public static partial void EndpointsReplaced(ILogger logger, string addresses);

    [LoggerMessage(71, LogLevel.Warning,
        "{Key} has changed in the configuration. It is read at the start only: restart the program for the change to take effect.",
        EventName = "ChangeNeedsRestart")]
    public static partial void ChangeNeedsRestart(ILogger logger, string key);
}
