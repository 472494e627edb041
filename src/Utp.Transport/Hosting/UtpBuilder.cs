using Microsoft.Extensions.DependencyInjection;

namespace Utp.Transport.Hosting;

/// <inheritdoc />
internal sealed class UtpBuilder(IServiceCollection services) : IUtpBuilder
{
    public IServiceCollection Services => services;
}
