using Microsoft.Extensions.DependencyInjection;

namespace Utp.Transport;

/// <summary>The result of <c>AddUtp</c>, to which listeners and clients are added.</summary>
public interface IUtpBuilder
{
    /// <summary>Gets the services that are being configured.</summary>
    IServiceCollection Services { get; }
}
