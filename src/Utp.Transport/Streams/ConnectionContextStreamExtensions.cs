using Utp.Transport;

namespace Microsoft.AspNetCore.Connections;

/// <summary>Creates streams over connections.</summary>
public static class ConnectionContextStreamExtensions
{
    /// <summary>Gets a stream over the connection's pipes. Disposing it closes the connection gracefully.</summary>
    /// <param name="connection">The connection; use either its pipes or the stream.</param>
    /// <returns>The stream.</returns>
    public static UtpStream AsUtpStream(this ConnectionContext connection) => new(connection);
}
