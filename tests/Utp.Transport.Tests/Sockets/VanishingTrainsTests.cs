using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Utp.Transport.Tests.Datagrams;
using Utp.Transport.Tests.Engine;
using static Utp.Transport.Tests.Engine.PipeAssertions;

namespace Utp.Transport.Tests.Sockets;

public sealed class VanishingTrainsTests
{
    private static readonly TimeSpan Patience = EngineFixture.Patience;

    /// <summary>The system may refuse trains with an error (a firewall rule about lengths), or lose them without one.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task EveryTrainVanishes_TransferGoesOn_AndTheLogNamesTheRemedyOnce(bool refused)
    {
        var logs = new FakeLogCollector();
        using var loggers = LoggerFactory.Create(builder => builder.AddProvider(new FakeLoggerProvider(logs)));
        var network = new InProcessDatagramNetwork(1, LinkImpairments.None) { LosesTrains = !refused, RefusesTrains = refused };
        await using var engines = new EngineFixture(network: network, loggerFactory: loggers);
        var (client, server) = await engines.ConnectPairAsync();
        var payload = Pattern(2_000_000);

        var read = server.Transport.Input.ReadExactlyAsync(payload.Length, TimeSpan.FromMinutes(1));
        await client.Transport.Output.WriteAsync(payload).AsTask().WaitAsync(Patience);

        Assert.Equal(payload, await read);
        var warning = Assert.Single(logs.GetSnapshot(), record => record.Id.Id == 1006);
        Assert.Equal(LogLevel.Warning, warning.Level);
        Assert.Contains("Utp:Transport:DatagramOffload", warning.Message, StringComparison.Ordinal);
        Assert.Contains("Batching", warning.Message, StringComparison.Ordinal);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }
}
