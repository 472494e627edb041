namespace Utp.Transport.Hosting.Servers;

/// <summary>Registered when an HTTP server takes the configured endpoints that no <c>AddListener</c> names.</summary>
internal sealed class UtpHttpServerMarker
{
}
