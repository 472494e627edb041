using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Utp.Transport.Options;

namespace Utp.Transport.AspNetCore;

/// <summary>
/// The certificate of one endpoint, with the configuration keys of Kestrel: a file (<c>Path</c>, <c>KeyPath</c>, <c>Password</c>) or one of the
/// system's stores (<c>Subject</c>, <c>Store</c>, <c>Location</c>, <c>AllowInvalid</c>).
/// </summary>
internal sealed class EndpointCertificate
{
    private static readonly string[] KnownKeys = ["Path", "KeyPath", "Password", "Subject", "Store", "Location", "AllowInvalid"];

    private readonly IConfigurationSection _section;

    private EndpointCertificate(IConfigurationSection section) => _section = section;

    public static EndpointCertificate Read(IConfigurationSection section, ICollection<string> complaints)
    {
        foreach (var child in section.GetChildren().Where(child => !KnownKeys.Contains(child.Key, StringComparer.OrdinalIgnoreCase)))
        {
            complaints.Add(NearestKey.Complaint(child.Path, child.Key, KnownKeys));
        }

        var fromFile = !string.IsNullOrEmpty(section["Path"]);
        if (fromFile == !string.IsNullOrEmpty(section["Subject"]))
        {
            complaints.Add($"{section.Path} needs either Path (a .pfx file, or a .pem file with KeyPath) or Subject (of a certificate in Store).");
        }

        if (section["AllowInvalid"] is { } allowInvalid && !bool.TryParse(allowInvalid, out _))
        {
            complaints.Add($"{section.Path}:AllowInvalid is '{allowInvalid}'. Expected true or false.");
        }

        if (section["Location"] is { } location && !new Choice<StoreLocation>().TryParse(location, out _))
        {
            complaints.Add($"{section.Path}:Location is '{location}'. Expected one of CurrentUser, LocalMachine.");
        }

        return new EndpointCertificate(section);
    }

    /// <summary>Loads the certificate with its key, and its chain.</summary>
    /// <exception cref="InvalidOperationException">The certificate cannot be loaded; the message names the key and its value.</exception>
    public (X509Certificate2 Certificate, X509Certificate2Collection? Chain) Load(string contentRoot)
    {
        if (_section["Path"] is not { Length: > 0 } path)
        {
            return (LoadFromStore(_section["Subject"]!), null);
        }

        var fullPath = Path.Combine(contentRoot, path);
        if (!File.Exists(fullPath))
        {
            throw new InvalidOperationException(
                $"{_section.Path}:Path is '{path}', but there is no file '{fullPath}'. Correct the path; relative ones start from the content root.");
        }

        try
        {
            return LoadFromFile(fullPath, contentRoot);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InvalidOperationException(
                $"{_section.Path}:Path is '{path}', but that certificate cannot be loaded: {exception.Message} Check the file, its KeyPath and its Password.",
                exception);
        }
    }

    private static X509Certificate2 WithUsableKey(X509Certificate2 certificate)
    {
        if (!OperatingSystem.IsWindows())
        {
            return certificate;
        }

        // TLS on Windows cannot use the ephemeral key of a PEM file.
        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        }
    }

    private (X509Certificate2 Certificate, X509Certificate2Collection? Chain) LoadFromFile(string fullPath, string contentRoot)
    {
        var password = _section["Password"];
        if (_section["KeyPath"] is not { Length: > 0 } keyPath)
        {
            return (X509CertificateLoader.LoadPkcs12FromFile(fullPath, password), null);
        }

        var fullKeyPath = Path.Combine(contentRoot, keyPath);
        var certificate = password is null
            ? X509Certificate2.CreateFromPemFile(fullPath, fullKeyPath)
            : X509Certificate2.CreateFromEncryptedPemFile(fullPath, password, fullKeyPath);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(fullPath);
        return (WithUsableKey(certificate), chain);
    }

    private X509Certificate2 LoadFromStore(string subject)
    {
        var name = _section["Store"] is { Length: > 0 } store ? store : nameof(StoreName.My);
        var location = new Choice<StoreLocation>().TryParse(_section["Location"] ?? string.Empty, out var known) ? known : StoreLocation.CurrentUser;
        var allowInvalid = bool.TryParse(_section["AllowInvalid"], out var allow) && allow;
        using var certificates = new X509Store(name, location);
        certificates.Open(OpenFlags.ReadOnly);
        return certificates.Certificates.Find(X509FindType.FindBySubjectName, subject, validOnly: !allowInvalid)
            .Where(certificate => certificate.HasPrivateKey)
            .MaxBy(certificate => certificate.NotAfter)
            ?? throw new InvalidOperationException(
                $"{_section.Path}:Subject is '{subject}', but store {name} of {location} has no {(allowInvalid ? string.Empty : "valid ")}certificate "
                + "of that subject with a private key.");
    }
}
