namespace Utp.Transport;

/// <summary>
/// Provides named clients, as <c>IHttpClientFactory</c> does. They can also be injected by key: <c>[FromKeyedServices("name")] IUtpConnectionFactory</c>.
/// </summary>
public interface IUtpConnectionFactoryProvider
{
    /// <summary>Gets the client of a name. The same name returns the same client.</summary>
    /// <param name="name">The name, as in <c>AddClient</c> or under <c>Utp:Clients</c>; <see cref="string.Empty"/> is the default client.</param>
    /// <returns>The client.</returns>
    /// <exception cref="InvalidOperationException">No client of that name is registered or configured; the message lists those that are.</exception>
    IUtpConnectionFactory GetFactory(string name);
}
