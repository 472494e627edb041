namespace Utp.Transport;

/// <summary>
/// Lists the endpoints where this process listens for uTP connections, with the real ports where the configuration says 0. It is a singleton: inject
/// it. Under Kestrel <c>IServerAddressesFeature</c> lists the same endpoints, but writes them <c>http://host:port</c>, as if they were TCP.
/// </summary>
public interface IUtpServerAddresses
{
    /// <summary>Gets a snapshot of the bound endpoints, in the order in which they were bound; empty before the host has started.</summary>
    IReadOnlyList<UtpEndPoint> EndPoints { get; }

    /// <summary>Gets the bound endpoint of a named listener.</summary>
    /// <param name="name">The name under <c>Utp:Endpoints</c>, or the name given to <c>AddListener</c>.</param>
    /// <returns>The endpoint with its real port.</returns>
    /// <exception cref="InvalidOperationException">No listener of that name is bound; the message lists those that are.</exception>
    UtpEndPoint GetEndPoint(string name);
}
