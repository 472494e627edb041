using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;

namespace Utp.Transport.Tests.AspNetCore;

/// <summary>HTTPS endpoints from configuration use Kestrel's default certificate, or their own.</summary>
public sealed class KestrelCertificateTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("utp-certificates-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Https_WithoutACertificate_UsesKestrelsDefault()
    {
        var path = WritePfx("secret");

        await AssertServesHttpsAsync($$$"""
            { "Urls": "http://127.0.0.1:0", "Kestrel": { "Certificates": { "Default": { "Path": "{{{path}}}", "Password": "secret" } } },
              "Utp": { "Endpoints": { "web": { "Url": "utp://127.0.0.1:0", "Https": true } } } }
            """);
    }

    [Fact]
    public async Task Certificate_FromAPfxFile_IsUsed() => await AssertServesHttpsAsync($$$"""
        { "Urls": "http://127.0.0.1:0", "Utp": { "Endpoints": { "web": {
            "Url": "utp://127.0.0.1:0", "Certificate": { "Path": "{{{WritePfx("secret")}}}", "Password": "secret" } } } } }
        """);

    [Theory]
    [InlineData(null)]
    [InlineData("secret")]
    public async Task Certificate_FromPemFiles_IsUsed(string? password)
    {
        var certificate = Path.Combine(_directory.FullName, "certificate.pem");
        var key = Path.Combine(_directory.FullName, "key.pem");
        await File.WriteAllTextAsync(certificate, TestCertificate.Instance.ExportCertificatePem());
        using var privateKey = TestCertificate.Instance.GetECDsaPrivateKey()!;
        await File.WriteAllTextAsync(key, password is null
            ? privateKey.ExportPkcs8PrivateKeyPem()
            : privateKey.ExportEncryptedPkcs8PrivateKeyPem(password, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1_000)));

        await AssertServesHttpsAsync($$$"""
            { "Urls": "http://127.0.0.1:0", "Utp": { "Endpoints": { "web": { "Url": "utp://127.0.0.1:0", "Https": true,
                "Certificate": { "Path": "{{{certificate}}}", "KeyPath": "{{{key}}}"{{{(password is null ? "" : $", \"Password\": \"{password}\"")}}} } } } } }
            """);
    }

    private static async Task AssertServesHttpsAsync(string json)
    {
        await using var app = UtpWebApp.Build(json);
        app.App.MapGet("/", () => "hello");
        await app.StartAsync();

        foreach (var version in (Version[])[HttpVersion.Version11, HttpVersion.Version20])
        {
            using var client = app.CreateClient(https: true, version);
            Assert.Equal("hello", await client.GetStringAsync(new Uri(string.Empty, UriKind.Relative)).WaitAsync(UtpWebApp.Patience));
        }
    }

    private string WritePfx(string password)
    {
        var path = Path.Combine(_directory.FullName, "certificate.pfx");
        File.WriteAllBytes(path, TestCertificate.Instance.Export(X509ContentType.Pkcs12, password));
        return path.Replace('\\', '/');
    }
}
