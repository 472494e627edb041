using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Utp.Transport.Options;

namespace Utp.Transport.AspNetCore;

/// <summary>The part of <c>Utp:Endpoints:NAME</c> that is for Kestrel: protocols, HTTPS and a certificate. The rest is for the transport.</summary>
internal sealed class HttpEndpoint
{
    private const string ProtocolsKey = "Protocols";
    private const string HttpsKey = "Https";
    private const string CertificateKey = "Certificate";

    /// <summary>The protocols; null takes <c>Kestrel:EndpointDefaults</c>.</summary>
    public HttpProtocols? Protocols { get; private init; }

    public bool Https { get; private init; }

    /// <summary>The certificate; null takes Kestrel's default certificate.</summary>
    public EndpointCertificate? Certificate { get; private init; }

    /// <summary>Reads a section and adds its mistakes to the complaints.</summary>
    public static HttpEndpoint Read(IConfigurationSection section, ICollection<string> complaints)
    {
        var certificate = section.GetSection(CertificateKey);
        var hasCertificate = certificate.GetChildren().Any();
        var https = ReadHttps(section.GetSection(HttpsKey), hasCertificate, complaints);
        if (hasCertificate && !https)
        {
            complaints.Add($"{certificate.Path} is set, but {section.Path}:{HttpsKey} is false. Remove one of them.");
        }

        return new HttpEndpoint
        {
            Protocols = ReadProtocols(section.GetSection(ProtocolsKey), complaints),
            Https = https,
            Certificate = hasCertificate ? EndpointCertificate.Read(certificate, complaints) : null,
        };
    }

    private static HttpProtocols? ReadProtocols(IConfigurationSection section, ICollection<string> complaints)
    {
        if (section.Value is null)
        {
            return null;
        }

        if (!new Choice<HttpProtocols>().TryParse(section.Value, out var protocols) || protocols == HttpProtocols.None)
        {
            complaints.Add(
                $"{section.Path} is '{section.Value}'. Expected one of Http1, Http2, Http1AndHttp2 (Http2 without HTTPS is HTTP/2 with prior knowledge).");
        }
        else if (protocols.HasFlag(HttpProtocols.Http3))
        {
            complaints.Add(
                $"{section.Path} is '{section.Value}', but HTTP/3 runs over QUIC and cannot run over uTP. Expected one of Http1, Http2, Http1AndHttp2.");
        }

        return protocols;
    }

    private static bool ReadHttps(IConfigurationSection section, bool byDefault, ICollection<string> complaints)
    {
        if (section.Value is null)
        {
            return byDefault;
        }

        if (!bool.TryParse(section.Value, out var https))
        {
            complaints.Add($"{section.Path} is '{section.Value}'. Expected true or false.");
        }

        return https;
    }
}
