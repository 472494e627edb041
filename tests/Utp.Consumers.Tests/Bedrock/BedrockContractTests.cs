using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace Utp.Consumers.Tests.Bedrock;

/// <summary>
/// What Bedrock.Framework and its like need of a transport. The framework itself is not referenced, because it is in no package registry that the
/// build reaches.
/// </summary>
public sealed class BedrockContractTests
{
    public static TheoryData<string, bool> Cases() => new()
    {
        { "empty", true },
        { "empty", false },
        { "without uTP", false },
        { "with uTP", true },
        { "with uTP", false },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Factory_MadeByItsType_ServesAndConnects(string services, bool asIPEndPoint)
    {
        await using var provider = services switch
        {
            "with uTP" => new ServiceCollection().AddUtp().Services.BuildServiceProvider(),
            "without uTP" => new ServiceCollection().AddLogging().BuildServiceProvider(),
            _ => null,
        };
        EndPoint endPoint = asIPEndPoint ? new IPEndPoint(IPAddress.Loopback, 0) : new UtpEndPoint(IPAddress.Loopback, 0);

        var (server, factory) = await BedrockServer.ListenAsync<UtpTransportFactory>(provider ?? (IServiceProvider)new NoServices(), endPoint, Echo);
        await using (factory)
        await using (server)
        {
            Assert.Equal(endPoint.GetType(), server.EndPoint.GetType());
            await using var client = new UtpTransportFactory();
            var connection = await client.ConnectAsync(server.EndPoint).AsTask().WaitAsync(WebServer.Patience);
            await using (connection)
            {
                await connection.Transport.Output.WriteAsync("hello"u8.ToArray());
                var answer = await connection.Transport.Input.ReadAtLeastAsync(5).AsTask().WaitAsync(WebServer.Patience);
                Assert.Equal("hello"u8.ToArray(), answer.Buffer.ToArray());
            }
        }
    }

    [Fact]
    public async Task Factory_WithServicesOfAddUtp_SharesTheirEngine()
    {
        await using var provider = new ServiceCollection().AddUtp().Services.BuildServiceProvider();
        var (server, factory) = await BedrockServer.ListenAsync<UtpTransportFactory>(provider, new UtpEndPoint(IPAddress.Loopback, 0), Echo);
        await using (server)
        {
            Assert.Equal([(UtpEndPoint)server.EndPoint], provider.GetRequiredService<IUtpServerAddresses>().EndPoints);

            // The factory does not own the engine, so the listener stays.
            await factory.DisposeAsync();
            var connection = await provider.GetRequiredService<IUtpConnectionFactory>().ConnectAsync(server.EndPoint).AsTask().WaitAsync(WebServer.Patience);
            await connection.DisposeAsync();
        }
    }

    [Fact]
    public void Factory_WithEngineOptions_ChecksThem()
    {
        var exception = Assert.Throws<ArgumentOutOfRangeException>(
            () => new UtpTransportFactory(new UtpEngineOptions { Transport = new UtpTransportOptions { AcceptBacklog = 0 } }));

        Assert.Contains("AcceptBacklog", exception.Message, StringComparison.Ordinal);
    }

    private static void Echo(IConnectionBuilder connection) => connection.Run(async context =>
    {
        var (input, output) = (context.Transport.Input, context.Transport.Output);
        while (true)
        {
            var received = await input.ReadAsync();
            if (received is { Buffer.IsEmpty: true, IsCompleted: true })
            {
                return;
            }

            await output.WriteAsync(received.Buffer.ToArray());
            input.AdvanceTo(received.Buffer.End);
        }
    });

    /// <summary>The services of a Bedrock server that was built without any.</summary>
    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}
