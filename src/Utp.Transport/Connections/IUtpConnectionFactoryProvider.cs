namespace Utp.Transport;

/// <summary>Gives named clients, in the manner of <c>IHttpClientFactory</c>. Also injected by key: <c>[FromKeyedServices("name")] IUtpConnectionFactory</c>.</summary>
public interface IUtpConnectionFactoryProvider
{
    /// <summary>Gets the client of that name; the same name gives the same client.</summary>
    /// <param name="name">As given to <c>AddClient</c> or under <c>Utp:Clients</c>; <see cref="string.Empty"/> is the default client.</param>
    /// <returns>The client.</returns>
    /// <exception cref="InvalidOperationException">No client of that name is registered or configured; the message lists those that are.</exception>
    IUtpConnectionFactory GetFactory(string name);
}
