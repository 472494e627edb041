using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Utp.Transport.Tests.AspNetCore;

/// <summary>The ways to speak HTTP over uTP.</summary>
public enum HttpVariant
{
    Http1,
    Http2PriorKnowledge,
    HttpsHttp1,
    HttpsHttp2ByAlpn,
}

internal static class HttpVariants
{
    public static bool IsHttps(this HttpVariant variant) => variant is HttpVariant.HttpsHttp1 or HttpVariant.HttpsHttp2ByAlpn;

    public static Version Version(this HttpVariant variant) =>
        variant is HttpVariant.Http2PriorKnowledge or HttpVariant.HttpsHttp2ByAlpn ? HttpVersion.Version20 : HttpVersion.Version11;

    public static Action<ListenOptions> Listening(this HttpVariant variant) => listen => Configure(variant, listen);

    private static void Configure(HttpVariant variant, ListenOptions listen)
    {
        // With TLS the server offers both versions, and ALPN decides; without TLS, HTTP/2 must be the only one.
        listen.Protocols = variant switch
        {
            HttpVariant.Http1 => HttpProtocols.Http1,
            HttpVariant.Http2PriorKnowledge => HttpProtocols.Http2,
            _ => HttpProtocols.Http1AndHttp2,
        };
        if (variant.IsHttps())
        {
            listen.UseHttps(TestCertificate.Instance);
        }
    }
}
