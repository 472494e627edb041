using Microsoft.Extensions.DependencyInjection;

namespace Utp.Transport;

/// <summary>What <c>AddUtp</c> returns, to add listeners and clients to.</summary>
public interface IUtpBuilder
{
    /// <summary>Gets the services that are being configured.</summary>
    IServiceCollection Services { get; }
}
