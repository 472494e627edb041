namespace Utp.Transport.Hosting.Servers;

/// <summary>Marks that an HTTP server serves the configured endpoints that no <c>AddListener</c> names.</summary>
internal sealed class UtpHttpServerMarker
{
}
