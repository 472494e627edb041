namespace Utp.Transport;

/// <summary>
/// Has rate limits that can be changed at run time. <see cref="IUtpConnectionFeature"/>, clients (<see cref="IUtpConnectionFactory"/>,
/// <see cref="UtpClient"/>) and listeners (<see cref="UtpListener"/>, and what <see cref="IUtpConnectionListenerFactory"/> returns) do.
/// </summary>
public interface IUtpRateLimited
{
    /// <summary>Gets the rate limits of this object.</summary>
    IUtpRateLimits RateLimits { get; }
}
