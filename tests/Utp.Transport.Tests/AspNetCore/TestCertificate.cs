using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Utp.Transport.Tests.AspNetCore;

/// <summary>A self-signed certificate for localhost that is valid for the length of a test run.</summary>
internal static class TestCertificate
{
    public static X509Certificate2 Instance { get; } = Create("localhost");

    /// <summary>Accepts that certificate and no other.</summary>
    public static bool IsTrusted(X509Certificate? certificate) => certificate?.GetCertHashString() == Instance.GetCertHashString();

    /// <summary>Creates another certificate, for a host name.</summary>
    public static X509Certificate2 Create(string host)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }
}
