using System.Security.Authentication;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Configuration;
using Utp.Transport.Options;

namespace Utp.Transport.AspNetCore;

/// <summary>The part of <c>Utp:Endpoints:NAME</c> that is for Kestrel. Its keys mean what they mean under <c>Kestrel:Endpoints</c>.</summary>
internal sealed class HttpEndpoint
{
    private const string ProtocolsKey = "Protocols";
    private const string HttpsKey = "Https";
    private const string CertificateKey = "Certificate";
    private const string SniKey = "Sni";
    private const string SslProtocolsKey = "SslProtocols";
    private const string ClientCertificateModeKey = "ClientCertificateMode";
    private static readonly string[] KnownSniKeys = [ProtocolsKey, CertificateKey, SslProtocolsKey, ClientCertificateModeKey];

    /// <summary>The protocols; null takes <c>Kestrel:EndpointDefaults</c>.</summary>
    public HttpProtocols? Protocols { get; private init; }

    public bool Https { get; private init; }

    /// <summary>The certificate; null takes Kestrel's default certificate.</summary>
    public EndpointCertificate? Certificate { get; private init; }

    /// <summary>The certificates of host names.</summary>
    public IReadOnlyList<EndpointCertificate> SniCertificates { get; private init; } = [];

    public bool HasSni { get; private init; }

    /// <summary>The first key that only Kestrel's own reading of a configuration understands; null if there is none.</summary>
    public string? KeyForLoader { get; private init; }

    /// <summary>Reads a section and adds its mistakes to the complaints.</summary>
    public static HttpEndpoint Read(IConfigurationSection section, ICollection<string> complaints)
    {
        var certificate = ReadCertificate(section, complaints);
        ReadTls(section, complaints);
        var names = section.GetSection(SniKey).GetChildren().ToList();
        return new HttpEndpoint
        {
            Protocols = ReadProtocols(section.GetSection(ProtocolsKey), complaints),
            Https = ReadHttps(section, certificate is not null || names.Count > 0, complaints),
            Certificate = certificate,
            HasSni = names.Count > 0,
            KeyForLoader = Array.ConvertAll([SniKey, SslProtocolsKey, ClientCertificateModeKey], section.GetSection)
                .FirstOrDefault(key => key.Exists())?.Path,
            SniCertificates = [.. names.Select(name => ReadSni(name, complaints)).OfType<EndpointCertificate>()],
        };
    }

    private static EndpointCertificate? ReadCertificate(IConfigurationSection section, ICollection<string> complaints) =>
        section.GetSection(CertificateKey) is var certificate && certificate.GetChildren().Any()
            ? EndpointCertificate.Read(certificate, complaints)
            : null;

    private static EndpointCertificate? ReadSni(IConfigurationSection name, ICollection<string> complaints)
    {
        foreach (var child in name.GetChildren().Where(child => !KnownSniKeys.Contains(child.Key, StringComparer.OrdinalIgnoreCase)))
        {
            complaints.Add(NearestKey.Complaint(child.Path, child.Key, KnownSniKeys));
        }

        ReadProtocols(name.GetSection(ProtocolsKey), complaints);
        ReadTls(name, complaints);
        return ReadCertificate(name, complaints);
    }

    /// <summary>Checks the keys of TLS. Kestrel ignores what it cannot read there.</summary>
    private static void ReadTls(IConfigurationSection section, ICollection<string> complaints)
    {
        var protocols = section.GetSection(SslProtocolsKey);
        if (protocols.Value is { Length: > 0 } single)
        {
            complaints.Add($"{protocols.Path} is '{single}'. Expected a list, for example [ \"Tls12\", \"Tls13\" ].");
        }

        foreach (var protocol in protocols.GetChildren().Where(protocol => !new Choice<SslProtocols>().TryParse(protocol.Value ?? string.Empty, out _)))
        {
            complaints.Add($"{protocol.Path} is '{protocol.Value}'. Expected a version of TLS, for example Tls12 or Tls13.");
        }

        var mode = section.GetSection(ClientCertificateModeKey);
        var kind = new Choice<ClientCertificateMode>();
        if (mode.Value is { } text && !kind.TryParse(text, out _))
        {
            complaints.Add($"{mode.Path} is '{text}'. Expected {kind.Expected}.");
        }
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
        var key = section.GetSection(HttpsKey);
        var https = byDefault;
        if (key.Value is not null && !bool.TryParse(key.Value, out https))
        {
            complaints.Add($"{key.Path} is '{key.Value}'. Expected true or false.");
            return false;
        }

        string[] needHttps = https ? [] : [CertificateKey, SniKey, SslProtocolsKey, ClientCertificateModeKey];
        foreach (var other in needHttps.Select(section.GetSection).Where(other => other.Exists()))
        {
            complaints.Add(key.Value is null
                ? $"{other.Path} is set, but {key.Path} is not. Set {key.Path} to true, or remove {other.Path}."
                : $"{other.Path} is set, but {key.Path} is false. Remove one of them.");
        }

        return https;
    }
}
