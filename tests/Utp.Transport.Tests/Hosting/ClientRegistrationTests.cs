using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace Utp.Transport.Tests.Hosting;

/// <summary>Programs get clients by factory, by key, or as the default.</summary>
public sealed class ClientRegistrationTests
{
    private const string Json = """{ "Utp": { "Clients": { "configured": { "MaxConnections": 2 } } } }""";

    [Fact]
    public async Task CreateClient_SameName_GivesTheSameClient()
    {
        await using var services = UtpConfigurationJson.Services(Json, utp => utp.AddClient("files"));
        var factory = services.GetRequiredService<IUtpConnectionFactoryProvider>();

        Assert.Same(factory.GetFactory("files"), factory.GetFactory("files"));
        Assert.Same(factory.GetFactory("files"), factory.GetFactory("FILES"));
        Assert.NotSame(factory.GetFactory("files"), factory.GetFactory("configured"));
    }

    [Fact]
    public async Task CreateClient_UnknownName_ListsTheKnown()
    {
        await using var services = UtpConfigurationJson.Services(Json, utp => utp.AddClient("files"));

        var exception = Assert.Throws<InvalidOperationException>(() => services.GetRequiredService<IUtpConnectionFactoryProvider>().GetFactory("file"));

        Assert.Equal(
            "No uTP client is named 'file'. Register it with AddUtp().AddClient(\"file\"), or configure Utp:Clients:file. "
            + "The known names are 'files', 'configured'.",
            exception.Message);
    }

    [Fact]
    public async Task KeyedService_OfARegisteredName_IsThatClient()
    {
        await using var services = UtpConfigurationJson.Services(Json, utp => utp.AddClient("files"));
        var client = services.GetRequiredService<IUtpConnectionFactoryProvider>().GetFactory("files");

        Assert.Same(client, services.GetRequiredKeyedService<IUtpConnectionFactory>("files"));
        Assert.Same(client, services.GetRequiredKeyedService<IConnectionFactory>("files"));
    }

    [Fact]
    public async Task KeyedService_OfAConfiguredName_IsThatClient()
    {
        await using var services = UtpConfigurationJson.Services(Json);

        Assert.Same(
            services.GetRequiredService<IUtpConnectionFactoryProvider>().GetFactory("configured"),
            services.GetRequiredKeyedService<IUtpConnectionFactory>("configured"));
    }

    [Fact]
    public async Task KeyedService_OfAnUnknownName_Throws()
    {
        await using var services = UtpConfigurationJson.Services(Json);

        Assert.Throws<InvalidOperationException>(() => services.GetRequiredKeyedService<IUtpConnectionFactory>("nobody"));
    }

    [Fact]
    public async Task DefaultClient_IsInjectedWithoutAName()
    {
        await using var services = UtpConfigurationJson.Services(Json);

        var client = services.GetRequiredService<IUtpConnectionFactory>();

        Assert.Same(client, services.GetRequiredService<IUtpConnectionFactoryProvider>().GetFactory(string.Empty));
        Assert.Same(client, services.GetRequiredService<IConnectionFactory>());
    }

    [Fact]
    public async Task FromKeyedServices_InAConstructor_IsTheNamedClient()
    {
        await using var services = UtpConfigurationJson.Services(Json, utp => utp.AddClient("files").Services.AddSingleton<Consumer>());

        Assert.Same(services.GetRequiredService<IUtpConnectionFactoryProvider>().GetFactory("files"), services.GetRequiredService<Consumer>().Client);
    }

    private sealed class Consumer([FromKeyedServices("files")] IUtpConnectionFactory client)
    {
        public IUtpConnectionFactory Client => client;
    }
}
