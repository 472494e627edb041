using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;

namespace Utp.Transport.AspNetCore;

/// <summary>One endpoint of <c>Utp:Endpoints</c> for Kestrel; <c>localhost</c> is two of them.</summary>
internal sealed class ConfiguredEndpoint
{
    private readonly HttpEndpoint _http;
    private readonly string _path;
    private readonly string _contentRoot;

    /// <param name="section">The section <c>Utp:Endpoints:NAME</c>.</param>
    /// <param name="endPoint">Where to bind.</param>
    /// <param name="http">What the section says to Kestrel.</param>
    /// <param name="contentRoot">The directory from which relative paths of certificates start.</param>
    public ConfiguredEndpoint(IConfigurationSection section, UtpEndPoint endPoint, HttpEndpoint http, string contentRoot)
    {
        _http = http;
        _path = section.Path;
        _contentRoot = contentRoot;
        EndPoint = endPoint;
        var ip = endPoint.IPEndPoint ?? new IPEndPoint(IPAddress.Any, endPoint.Port);
        var name = IPAddress.IPv6Loopback.Equals(ip.Address) ? $"{_path} (IPv6)" : _path;
        Section = new UtpEndpointSection(section, name, $"{(http.Https ? Uri.UriSchemeHttps : Uri.UriSchemeHttp)}://{ip}");
    }

    public UtpEndPoint EndPoint { get; }

    /// <summary>The section as Kestrel reads it.</summary>
    public UtpEndpointSection Section { get; }

    /// <summary>Completes the endpoint that Kestrel has made from the section.</summary>
    /// <exception cref="InvalidOperationException">There is no certificate.</exception>
    public void Configure(EndpointConfiguration kestrel)
    {
        KestrelInternals.SetEndPoint(kestrel.ListenOptions, EndPoint);
        kestrel.ListenOptions.LeaveOutHttp3();
        var hasCertificate = kestrel.HttpsOptions.ServerCertificate is not null || kestrel.HttpsOptions.ServerCertificateSelector is not null;
        if (kestrel.IsHttps && !hasCertificate && !_http.HasSni && !KestrelInternals.HasTls(kestrel.ListenOptions))
        {
            throw NoCertificate();
        }
    }

    /// <summary>Makes the endpoint through Kestrel's public API, which has no way to read TLS settings from a configuration.</summary>
    /// <exception cref="NotSupportedException">The endpoint has such settings.</exception>
    public void Configure(ListenOptions listen)
    {
        if (_http.KeyForLoader is { } key)
        {
            throw new NotSupportedException($"{key} needs a version of Utp.Transport.AspNetCore that knows this version of Kestrel. Update the package.");
        }

        listen.Protocols = _http.Protocols ?? listen.Protocols;
        if (_http.Certificate is { } source)
        {
            var (certificate, chain) = source.Load(_contentRoot);
            listen.UseHttps(https => (https.ServerCertificate, https.ServerCertificateChain) = (certificate, chain));
        }
        else if (_http.Https)
        {
            listen.UseHttps();
        }
    }

    /// <summary>Loads each certificate once, because Kestrel's exceptions do not name the key.</summary>
    /// <exception cref="InvalidOperationException">A certificate cannot be loaded; the message names the key and its value.</exception>
    public void CheckCertificates()
    {
        foreach (var certificate in _http.SniCertificates.Append(_http.Certificate).OfType<EndpointCertificate>())
        {
            certificate.Load(_contentRoot).Certificate.Dispose();
        }
    }

    private InvalidOperationException NoCertificate() => new(
        $"{_path}:Https is true, but there is no certificate: neither {_path}:Certificate nor Kestrel:Certificates:Default is set, and there is no "
        + $"valid development certificate. Set {_path}:Certificate:Path to a .pfx file, or to a .pem file with {_path}:Certificate:KeyPath.");
}
