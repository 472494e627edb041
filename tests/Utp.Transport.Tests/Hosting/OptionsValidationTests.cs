using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Utp.Transport.Tests.Hosting;

/// <summary>Bad configuration fails the start, with a message that names the key, its value, the allowed values and the remedy.</summary>
public sealed class OptionsValidationTests
{
    [Theory]
    [InlineData("Transport", "RecieveBufferSize", "Utp:Transport:RecieveBufferSize is not a known key. Did you mean 'ReceiveBufferSize'?")]
    [InlineData("Transport", "maxconections", "Utp:Transport:maxconections is not a known key. Did you mean 'MaxConnections'?")]
    [InlineData("Clients:files", "MaxConnection", "Utp:Clients:files:MaxConnection is not a known key. Did you mean 'MaxConnections'?")]
    [InlineData("Endpoints:web", "Uri", "Utp:Endpoints:web:Uri is not a known key. Did you mean 'Url'?")]
    [InlineData("Endpoints:web", "Protocol", "Utp:Endpoints:web:Protocol is not a known key. Did you mean 'Protocols'?")]
    public async Task Start_WithAnUnknownKey_NamesItAndTheNearest(string section, string key, string expected)
    {
        var failures = await UtpConfigurationJson.StartFailuresAsync(Nested($"{section}:{key}", "1"));

        Assert.Contains(expected, failures);
    }

    [Theory]
    [InlineData("IdleTimeout", "Transport:IdleTimeout")]
    [InlineData("Url", "Endpoints:NAME:Url")]
    [InlineData("Endpoints:web:acceptbacklog", "Transport:AcceptBacklog")]
    [InlineData("Clients:files:Shards", "Transport:Shards")]
    [InlineData("Transport:LocalEndPoint", "Clients:NAME:LocalEndPoint")]
    [InlineData("Transport:Https", "Endpoints:NAME:Https")]
    public async Task Start_WithAKeyInAnotherPlace_SaysWhereItBelongs(string key, string place)
    {
        var failures = await UtpConfigurationJson.StartFailuresAsync(Nested(key, "1"));

        Assert.Contains($"Utp:{key} is not a known key there. Move it to Utp:{place}.", failures);
    }

    [Fact]
    public async Task Start_WithAnUnknownSection_NamesItAndTheNearest()
    {
        var failures = await UtpConfigurationJson.StartFailuresAsync("""{ "Utp": { "Endpoint": { "web": { "Url": "utp://127.0.0.1:0" } } } }""");

        Assert.Equal(["Utp:Endpoint is not a known key. Did you mean 'Endpoints'?"], failures);
    }

    [Fact]
    public async Task Start_WithAKeyUnlikeAnyOther_ListsTheKnown()
    {
        var failures = await UtpConfigurationJson.StartFailuresAsync(Nested("Transport:Zzzzzzzz", "1"));

        var failure = Assert.Single(failures);
        Assert.StartsWith("Utp:Transport:Zzzzzzzz is not a known key. The nearest known one is '", failure, StringComparison.Ordinal);
        Assert.Contains("known here are AcceptBacklog, ", failure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Transport:ReceiveBufferSize", "-1", "a whole number of bytes from 8192 to 1073741824", "1048576")]
    [InlineData("Transport:ReceiveBufferSize", "8191", "a whole number of bytes from 8192 to 1073741824", "1048576")]
    [InlineData("Transport:ReceiveBufferSize", "1 MiB", "a whole number of bytes from 8192 to 1073741824", "1048576")]
    [InlineData("Transport:ReceiveBufferSize", "99999999999", "a whole number of bytes from 8192 to 1073741824", "1048576")]
    [InlineData("Transport:ReceiveBufferSize", "", "a whole number of bytes from 8192 to 1073741824", "1048576")]
    [InlineData("Transport:ConnectTimeout", "20", "a duration hh:mm:ss from 00:00:00.1 to 00:10:00", "00:00:20")]
    [InlineData("Transport:ConnectTimeout", "00:20:00", "a duration hh:mm:ss from 00:00:00.1 to 00:10:00", "00:00:20")]
    [InlineData("Transport:IdleTimeout", "00:00:00.5",
        "a duration hh:mm:ss from 00:00:01 to 1.00:00:00, or 00:00:00 or Timeout.InfiniteTimeSpan (-00:00:00.001) for never", "00:02:30")]
    [InlineData("Transport:TargetDelay", "00:00:01", "a duration hh:mm:ss from 00:00:00.005 to 00:00:00.1", "unset")]
    [InlineData("Transport:NoDelay", "yes", "true or false", "true")]
    [InlineData("Transport:DatagramOffload", "Gso", "one of Auto, Portable, Batching, Segmentation", "Auto")]
    [InlineData("Transport:DatagramOffload", "1", "one of Auto, Portable, Batching, Segmentation", "Auto")]
    [InlineData("Transport:MaxResetsPerSecond", "-5", "a whole number of packets per second from 0 to 100000", "100")]
    [InlineData("Transport:Shards", "0", "a whole number of UDP sockets from 1 to 64", "unset")]
    [InlineData("Transport:Shards", "65", "a whole number of UDP sockets from 1 to 64", "unset")]
    [InlineData("Clients:files:MaxConnections", "0", "a whole number of connections from 1 to 1000000", "unset")]
    [InlineData("Clients:files:MaxPendingConnects", "0", "a whole number of connections from 1 to 1000000", "unset")]
    [InlineData("Clients:files:LocalListener", " ", "the name of a listener of AddListener or Utp:Endpoints", "unset")]
    [InlineData("Clients:files:LocalEndPoint", "nowhere", "an IP address and UDP port, for example 0.0.0.0:6881 or [::]:6881 (port 0: chosen by the system)",
        "unset")]
    public async Task Start_WithABadValue_NamesKeyValueRangeAndDefault(string key, string value, string expected, string byDefault)
    {
        var failures = await UtpConfigurationJson.StartFailuresAsync(Nested(key, value));

        Assert.Equal([$"Utp:{key} is '{value}'. Expected {expected}. Correct the value, or remove the key to take the default ({byDefault})."], failures);
    }

    [Theory]
    [InlineData("00:00:10", "00:00:10")]
    [InlineData("00:00:10", "00:00:29")]
    public async Task Start_WithAKeepAliveIntervalThatTheIdleTimeoutOverrides_NamesBothAndTheRemedy(string idle, string keepAlive)
    {
        var failures = await UtpConfigurationJson.StartFailuresAsync(SilencePair(idle, keepAlive));

        Assert.Equal(
            [
                $"Utp:Transport:KeepAliveInterval is '{keepAlive}', which is not shorter than Utp:Transport:IdleTimeout ('{idle}'), "
                + "so it would have no effect. "
                + "Set KeepAliveInterval to less than a third of IdleTimeout, or remove it: keepalives are then sent three times in an IdleTimeout.",
            ],
            failures);
    }

    [Theory]
    [InlineData("00:00:10", "00:00:09")]
    [InlineData("00:00:00", "00:00:29")]
    [InlineData("00:00:10", "00:00:00")]
    [InlineData("00:00:05", null)]
    public async Task Options_WithAPairThatMakesSense_AreTaken(string idle, string? keepAlive)
    {
        await using var services = UtpConfigurationJson.Services(SilencePair(idle, keepAlive));

        Assert.Equal(TimeSpan.Parse(idle, CultureInfo.InvariantCulture), services.GetRequiredService<IOptions<UtpTransportOptions>>().Value.IdleTimeout);
    }

    [Fact]
    public async Task Start_WithABadEndpointOption_NamesTheEndpoint()
    {
        var failures = await UtpConfigurationJson.StartFailuresAsync(
            """{ "Utp": { "Endpoints": { "echo": { "Url": "utp://127.0.0.1:0", "MtuCeiling": 100 } } } }""",
            utp => utp.AddListener("echo", Nothing));

        Assert.Equal(
            ["Utp:Endpoints:echo:MtuCeiling is '100'. Expected a whole number of bytes from 576 to 65507. Correct the value, or remove the key to "
                + "take the default (unset)."],
            failures);
    }

    [Fact]
    public async Task Start_WithABadValueFromCode_NamesItsKey()
    {
        var failures = await UtpConfigurationJson.StartFailuresAsync(
            "{}",
            utp => utp.Services.Configure<UtpTransportOptions>(options => options.SendBufferSize = -1));

        Assert.StartsWith("Utp:Transport:SendBufferSize is '-1'. Expected a whole number of bytes", Assert.Single(failures), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("utp://127.0.0.1", "Utp:Endpoints:echo:Url is 'utp://127.0.0.1'. Expected utp://HOST:PORT")]
    [InlineData("utp://127.0.0.1:70000", "Utp:Endpoints:echo:Url is 'utp://127.0.0.1:70000'. Expected utp://HOST:PORT")]
    [InlineData("http://127.0.0.1:80", "(HTTP over TCP belongs under Kestrel:Endpoints; for HTTPS over uTP write utp:// here and set Https to true)")]
    [InlineData("", "Utp:Endpoints:echo:Url is missing. Expected utp://HOST:PORT")]
    public async Task Start_WithAnUnparsableUrl_NamesKeyAndValue(string url, string expected)
    {
        var failures = await UtpConfigurationJson.StartFailuresAsync(Nested("Endpoints:echo:Url", url), utp => utp.AddListener("echo", Nothing));

        Assert.Contains(expected, Assert.Single(failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithAListenerThatHasNoEndpoint_SaysWhereToConfigureOne()
    {
        var failures =
            await UtpConfigurationJson.StartFailuresAsync(Nested("Endpoints:ecco:Url", "utp://127.0.0.1:0"), utp => utp.AddListener("echo", Nothing));

        Assert.Equal(["Listener 'echo' has no endpoint: Utp:Endpoints:echo:Url is not configured, and AddListener was given none. Configured are: ecco."],
            failures);
    }

    [Fact]
    public async Task Start_WithHttpKeysOnAListener_RefusesThem()
    {
        var failures = await UtpConfigurationJson.StartFailuresAsync(
            """{ "Utp": { "Endpoints": { "echo": { "Url": "utp://127.0.0.1:0", "Https": true } } } }""",
            utp => utp.AddListener("echo", Nothing));

        Assert.Equal(["Utp:Endpoints:echo:Https is for endpoints that Kestrel serves, but 'echo' is served by AddListener. Remove the key."], failures);
    }

    [Theory]
    [InlineData("""{ "Utp": { "Transport": "fast" } }""", "Utp:Transport is 'fast'. Expected an object with keys such as ReceiveBufferSize.")]
    [InlineData("""{ "Utp": { "Transport": { "NoDelay": { "Value": true } } } }""", "Utp:Transport:NoDelay is an object. Expected a single value.")]
    public async Task Start_WithAValueOfTheWrongShape_SaysSo(string json, string expected) =>
        Assert.Equal([expected], await UtpConfigurationJson.StartFailuresAsync(json));

    [Fact]
    public async Task Start_WithSeveralMistakes_TellsAllAtOnce()
    {
        var failures = await UtpConfigurationJson.StartFailuresAsync(
            """
            { "Utp": {
                "Clients": { "a": { "MaxConnections": 0 }, "b": { "NoDelay": "maybe" } },
                "Endpoints": { "echo": { "Url": "nonsense", "Idletime": "00:01:00" } } } }
            """,
            utp => utp.AddListener("echo", Nothing));

        Assert.Equal(4, failures.Length);
    }

    [Fact]
    public async Task Options_WithoutAHost_FailAtFirstUse()
    {
        await using var services = UtpConfigurationJson.Services(Nested("Transport:AcceptBacklog", "0"));

        var exception = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IOptions<UtpTransportOptions>>().Value);

        Assert.Contains("Utp:Transport:AcceptBacklog", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddListener_WithANameThatIsTaken_Throws()
    {
        var services = new ServiceCollection();
        var utp = services.AddUtp().AddListener("echo", new UtpEndPoint(IPAddress.Loopback, 0), Nothing);

        Assert.Throws<ArgumentException>(() => utp.AddListener("ECHO", Nothing));
    }

    private static string SilencePair(string idle, string? keepAlive) =>
        $$"""{ "Utp": { "Transport": { "IdleTimeout": "{{idle}}"{{(keepAlive is null ? "" : $", \"KeepAliveInterval\": \"{keepAlive}\"")}} } } }""";

    private static string Nested(string key, string value)
    {
        var parts = ("Utp:" + key).Split(':');
        return string.Concat(parts.Select(part => $"{{ \"{part}\": ")) + $"\"{value}\"" + new string('}', parts.Length);
    }

    private static void Nothing(IConnectionBuilder connection) => connection.Run(_ => Task.CompletedTask);
}
