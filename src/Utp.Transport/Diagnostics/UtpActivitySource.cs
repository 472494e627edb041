using System.Diagnostics;
using System.Net;
using Utp.Transport.Connections;
using Utp.Transport.Diagnostics.Tracing;

namespace Utp.Transport.Diagnostics;

/// <summary>Creates the spans of the transport: <c>utp.connect</c> covers an outbound handshake. There are no spans per packet.</summary>
internal static class UtpActivitySource
{
    public const string Name = "Utp.Transport";

    private static readonly ActivitySource Source = new(Name, LibraryVersion.Text);

    /// <summary>Starts the span of a connect; null when there is no listener. Dispose it when the attempt has ended.</summary>
    public static Activity? StartConnect(EndPoint remoteEndPoint)
    {
        if (!Source.HasListeners() || Source.StartActivity("utp.connect", ActivityKind.Client) is not { } activity)
        {
            return null;
        }

        var (host, port) = remoteEndPoint switch
        {
            UtpEndPoint utp => (utp.Host, utp.Port),
            DnsEndPoint dns => (dns.Host, dns.Port),
            IPEndPoint ip => (ip.Address.ToString(), ip.Port),
            _ => (remoteEndPoint.ToString() ?? string.Empty, 0),
        };
        activity.SetTag("server.address", host);
        activity.SetTag("server.port", port);
        activity.SetTag("network.transport", "udp");
        activity.SetTag("network.protocol.name", "utp");
        return activity;
    }

    /// <summary>Records the peer of the connection, once a name has been resolved.</summary>
    public static void Connected(Activity? activity, EndPoint peer)
    {
        if (activity is not null && peer is IPEndPoint ip)
        {
            activity.SetTag("network.peer.address", ip.Address.ToString());
            activity.SetTag("network.peer.port", ip.Port);
        }
    }

    /// <summary>
    /// Marks the attempt as failed. The error type is the close reason under the name that the metrics give it. An attempt that fails before its
    /// first packet has no close reason: then it is the type of the exception.
    /// </summary>
    public static void Failed(Activity? activity, Exception exception)
    {
        if (activity is not null)
        {
            activity.SetTag("error.type", ConnectFailure.ReasonOf(exception) is { } reason ? CloseReasonNames.Of(reason) : exception.GetType().FullName);
            activity.SetStatus(ActivityStatusCode.Error, exception.Message);
        }
    }
}
