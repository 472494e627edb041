using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;

namespace Utp.Transport.Tests.AspNetCore;

/// <summary>The TLS keys of an endpoint mean what they mean under <c>Kestrel:Endpoints</c>.</summary>
public sealed class KestrelTlsTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("utp-certificates-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData("Tls12", SslProtocols.Tls12)]
    [InlineData("Tls13", SslProtocols.Tls13)]
    public async Task SslProtocols_OfTheEndpoint_AreTheOnlyOnes(string configured, SslProtocols expected)
    {
        await using var app = await StartAsync($$"""{{Certificate("localhost")}}, "SslProtocols": [ "{{configured}}" ]""");

        await using var tls = await ConnectAsync(app, new SslClientAuthenticationOptions { TargetHost = "localhost" });

        Assert.Equal(expected, tls.SslProtocol);
    }

    [Theory]
    [InlineData("AllowCertificate", true)]
    [InlineData("RequireCertificate", false)]
    public async Task ClientCertificateMode_OfTheEndpoint_DecidesAboutClientsWithoutOne(string mode, bool expected)
    {
        await using var app = await StartAsync($$"""{{Certificate("localhost")}}, "ClientCertificateMode": "{{mode}}" """);

        Assert.Equal(expected, await AnswersAsync(app));
    }

    [Fact]
    public async Task Sni_OfTheEndpoint_ChoosesTheCertificate()
    {
        await using var app = await StartAsync($$"""
            "Https": true, "Sni": { "a.example": { {{Certificate("a.example")}} }, "*": { {{Certificate("others.example")}} } }
            """);

        foreach (var (asked, expected) in new[] { ("a.example", "CN=a.example"), ("b.example", "CN=others.example") })
        {
            await using var tls = await ConnectAsync(app, new SslClientAuthenticationOptions { TargetHost = asked });
            Assert.Equal(expected, tls.RemoteCertificate!.Subject);
        }
    }

    [Theory]
    [InlineData("\"Https\": true, \"SslProtocols\": \"Tls12\"", "SslProtocols is 'Tls12'. Expected a list, for example [ \"Tls12\", \"Tls13\" ].")]
    [InlineData("\"Https\": true, \"SslProtocols\": [ \"Tls9\" ]", "SslProtocols:0 is 'Tls9'. Expected a version of TLS, for example Tls12 or Tls13.")]
    [InlineData("\"Https\": true, \"ClientCertificateMode\": \"Always\"",
        "ClientCertificateMode is 'Always'. Expected one of NoCertificate, AllowCertificate, RequireCertificate, DelayCertificate.")]
    [InlineData("\"SslProtocols\": [ \"Tls12\" ]",
        "SslProtocols is set, but Utp:Endpoints:web:Https is not. Set Utp:Endpoints:web:Https to true, or remove Utp:Endpoints:web:SslProtocols.")]
    [InlineData("\"Sni\": { \"a.example\": { \"Certifcate\": {}, \"Protocol\": \"Http1\" } }",
        "Sni:a.example:Protocol is not a known key. Did you mean 'Protocols'?")]
    public async Task BadKeys_FailTheStart(string keys, string expected)
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(keys));

        Assert.Contains("Utp:Endpoints:web:" + expected, exception.Failures);
    }

    [Fact]
    public async Task Https_WithoutAnyCertificate_SaysWhichKeysToSet()
    {
        if (HasDevelopmentCertificate())
        {
            return;
        }

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync("\"Https\": true"));

        Assert.StartsWith(
            "Utp:Endpoints:web:Https is true, but there is no certificate: neither Utp:Endpoints:web:Certificate nor Kestrel:Certificates:Default is set",
            exception.Message,
            StringComparison.Ordinal);
    }

    private static async Task<UtpWebApp> StartAsync(string keys)
    {
        var app = UtpWebApp.Build($$$"""
            { "Urls": "http://127.0.0.1:0", "Utp": { "Endpoints": { "web": { "Url": "utp://127.0.0.1:0", {{{keys}}} } } } }
            """);
        app.App.MapGet("/", () => "hello");
        return await app.StartAsync();
    }

    private static async Task<SslStream> ConnectAsync(UtpWebApp app, SslClientAuthenticationOptions options)
    {
        // The tests look at the certificate themselves.
        options.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null;
        var connection = await app.Client.ConnectAsync(app.EndPoints[0]).AsTask().WaitAsync(UtpWebApp.Patience);
        var tls = new SslStream(new UtpStream(connection));
        try
        {
            await tls.AuthenticateAsClientAsync(options).WaitAsync(UtpWebApp.Patience);
            return tls;
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    /// <summary>Gets whether a client without a certificate gets an answer. The handshake of the client may succeed although the server refuses it.</summary>
    private static async Task<bool> AnswersAsync(UtpWebApp app)
    {
        try
        {
            await using var tls = await ConnectAsync(app, new SslClientAuthenticationOptions { TargetHost = "localhost" });
            await tls.WriteAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
            return await tls.ReadAsync(new byte[100]).AsTask().WaitAsync(UtpWebApp.Patience) > 0;
        }
        catch (Exception exception) when (exception is IOException or AuthenticationException)
        {
            return false;
        }
    }

    private static bool HasDevelopmentCertificate()
    {
        using var store = new X509Store(StoreName.My, StoreLocation.CurrentUser);
        store.Open(OpenFlags.ReadOnly);
        return store.Certificates.Any(certificate => certificate.Extensions.Any(extension => extension.Oid?.Value == "1.3.6.1.4.1.311.84.1.1"));
    }

    private string Certificate(string host)
    {
        var path = Path.Combine(_directory.FullName, $"{host}.pfx");
        using var certificate = TestCertificate.Create(host);
        File.WriteAllBytes(path, certificate.Export(X509ContentType.Pkcs12, "secret"));
        return $$"""
            "Certificate": { "Path": "{{path.Replace('\\', '/')}}", "Password": "secret" }
            """;
    }
}
