using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Utp.Transport.Tests.Hosting;

/// <summary>The sources of options, and the level that takes precedence.</summary>
public sealed class OptionsBindingTests
{
    private const string Json = """
        {
          "Utp": {
            // Comments are allowed.
            "Transport": { "ReceiveBufferSize": 2097152, "IdleTimeout": "00:01:00", "congestioncontrol": "ledbat",
                "NoDelay": false, "DatagramOffload": "Portable" },
            "Endpoints": { "web": { "Url": "utp://127.0.0.1:0", "SendBufferSize": 65536, "MtuCeiling": 1400 } },
            "Clients": { "files": { "MaxConnections": 3, "ReceiveBufferSize": 8192, "TargetDelay": "00:00:00.050", "LocalEndPoint": "127.0.0.1:6881" } }
          }
        }
        """;

    [Fact]
    public async Task Transport_FromSection_IsBoundByKey()
    {
        await using var services = UtpConfigurationJson.Services(Json);

        var options = services.GetRequiredService<IOptions<UtpTransportOptions>>().Value;

        Assert.Equal(2_097_152, options.ReceiveBufferSize);
        Assert.Equal(TimeSpan.FromMinutes(1), options.IdleTimeout);
        Assert.Equal(UtpCongestionControl.Ledbat, options.CongestionControl);
        Assert.False(options.NoDelay);
        Assert.Equal(UtpDatagramOffload.Portable, options.DatagramOffload);
        Assert.Equal(new UtpTransportOptions().SendBufferSize, options.SendBufferSize);
    }

    [Fact]
    public async Task Client_FromSection_StartsFromTheTransport()
    {
        await using var services = UtpConfigurationJson.Services(Json);

        var options = services.GetRequiredService<IOptionsMonitor<UtpClientOptions>>().Get("files");

        Assert.Equal(3, options.MaxConnections);
        Assert.Equal(8_192, options.ReceiveBufferSize);
        Assert.Equal(TimeSpan.FromMilliseconds(50), options.TargetDelay);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 6881), options.LocalEndPoint);
        Assert.Equal(TimeSpan.FromMinutes(1), options.IdleTimeout);
    }

    [Fact]
    public async Task Listener_FromSection_StartsFromTheTransport()
    {
        await using var services = UtpConfigurationJson.Services(Json);

        var options = services.GetRequiredService<IOptionsMonitor<UtpListenerOptions>>().Get("web");

        Assert.Equal(65_536, options.SendBufferSize);
        Assert.Equal(1_400, options.MtuCeiling);
        Assert.Equal(2_097_152, options.ReceiveBufferSize);
    }

    [Fact]
    public async Task AddUtp_WithDelegate_HasTheLastWord()
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(UtpConfigurationJson.Parse(Json));
        services.AddUtp(options => options.ReceiveBufferSize = 65_536);
        await using var provider = services.BuildServiceProvider();

        Assert.Equal(65_536, provider.GetRequiredService<IOptions<UtpTransportOptions>>().Value.ReceiveBufferSize);
        Assert.Equal(65_536, provider.GetRequiredService<IOptionsMonitor<UtpListenerOptions>>().Get("web").ReceiveBufferSize);
    }

    [Fact]
    public async Task AddUtp_WithSection_ReadsThatSection()
    {
        var configuration =
            UtpConfigurationJson.Parse("""{ "Network": { "P2P": { "Transport": { "AcceptBacklog": 7 } } }, "Utp": { "Transport": { "AcceptBacklog": 8 } } }""");
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddUtp(configuration.GetSection("Network:P2P"));
        await using var provider = services.BuildServiceProvider();

        Assert.Equal(7, provider.GetRequiredService<IOptions<UtpTransportOptions>>().Value.AcceptBacklog);
    }

    [Fact]
    public async Task AddUtp_WithWholeConfiguration_ReadsItsUtpSection()
    {
        var configuration = UtpConfigurationJson.Parse("""{ "Logging": { }, "Utp": { "Transport": { "AcceptBacklog": 8 } } }""");
        var services = new ServiceCollection();
        services.AddUtp(configuration);
        await using var provider = services.BuildServiceProvider();

        Assert.Equal(8, provider.GetRequiredService<IOptions<UtpTransportOptions>>().Value.AcceptBacklog);
    }

    [Fact]
    public async Task AddUtp_WithoutAnyConfiguration_TakesDefaults()
    {
        var services = new ServiceCollection();
        services.AddUtp();
        await using var provider = services.BuildServiceProvider();

        Assert.Equal(512, provider.GetRequiredService<IOptions<UtpTransportOptions>>().Value.AcceptBacklog);
    }

    [Fact]
    public void AddUtp_Twice_RegistersOnce()
    {
        var services = new ServiceCollection();
        services.AddUtp();
        var count = services.Count;

        services.AddUtp();

        Assert.Equal(count, services.Count);
    }

    [Fact]
    public async Task AddClient_WithDelegate_RunsAfterTheConfiguration()
    {
        await using var services = UtpConfigurationJson.Services(Json, utp => utp.AddClient("files", options => options.MaxConnections = 9));

        var options = services.GetRequiredService<IOptionsMonitor<UtpClientOptions>>().Get("files");

        Assert.Equal(9, options.MaxConnections);
        Assert.Equal(8_192, options.ReceiveBufferSize);
    }
}
