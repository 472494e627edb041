using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Utp.Consumers.Tests;

/// <summary>Self-signed certificates that are valid for the length of a test run.</summary>
internal static class Certificates
{
    public static X509Certificate2 Server { get; } = Create("localhost");

    public static X509Certificate2 Client { get; } = Create("client");

    private static X509Certificate2 Create(string host)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }
}
