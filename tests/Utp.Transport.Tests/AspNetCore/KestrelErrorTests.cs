using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Utp.Transport.Tests.AspNetCore;

/// <summary>A mistake of an operator or a developer fails the start, and the message names it.</summary>
public sealed class KestrelErrorTests
{
    [Theory]
    [InlineData("\"Url\": \"utp://127.0.0.1:0\", \"Protocols\": \"Http4\"",
        "Utp:Endpoints:web:Protocols is 'Http4'. Expected one of Http1, Http2, Http1AndHttp2 (Http2 without HTTPS is HTTP/2 with prior knowledge).")]
    [InlineData("\"Url\": \"utp://127.0.0.1:0\", \"Protocols\": \"None\"",
        "Utp:Endpoints:web:Protocols is 'None'. Expected one of Http1, Http2, Http1AndHttp2 (Http2 without HTTPS is HTTP/2 with prior knowledge).")]
    [InlineData("\"Url\": \"utp://127.0.0.1:0\", \"Protocols\": \"Http1AndHttp2AndHttp3\"",
        "Utp:Endpoints:web:Protocols is 'Http1AndHttp2AndHttp3', but HTTP/3 runs over QUIC and cannot run over uTP. Expected one of Http1, Http2, "
        + "Http1AndHttp2.")]
    [InlineData("\"Url\": \"utp://127.0.0.1:0\", \"Https\": \"on\"", "Utp:Endpoints:web:Https is 'on'. Expected true or false.")]
    [InlineData("\"Url\": \"utp//127.0.0.1:0\"",
        "Utp:Endpoints:web:Url is 'utp//127.0.0.1:0'. Expected utp://HOST:PORT with a port from 0 to 65535, for example utp://0.0.0.0:5000 or "
        + "utp://[::]:5000.")]
    [InlineData("\"Protocols\": \"Http1\"",
        "Utp:Endpoints:web:Url is missing. Expected utp://HOST:PORT with a port from 0 to 65535, for example utp://0.0.0.0:5000 or utp://[::]:5000.")]
    [InlineData("\"Url\": \"utp://127.0.0.1:0\", \"Certifcate\": {}", "Utp:Endpoints:web:Certifcate is not a known key. Did you mean 'Certificate'?")]
    [InlineData("\"Url\": \"utp://127.0.0.1:0\", \"Certificate\": { \"Pth\": \"a\", \"Path\": \"b\" }",
        "Utp:Endpoints:web:Certificate:Pth is not a known key. Did you mean 'Path'?")]
    [InlineData("\"Url\": \"utp://127.0.0.1:0\", \"Certificate\": { \"Password\": \"a\" }",
        "Utp:Endpoints:web:Certificate needs either Path (a .pfx file, or a .pem file with KeyPath) or Subject (of a certificate in Store).")]
    [InlineData("\"Url\": \"utp://127.0.0.1:0\", \"Https\": false, \"Certificate\": { \"Path\": \"a\" }",
        "Utp:Endpoints:web:Certificate is set, but Utp:Endpoints:web:Https is false. Remove one of them.")]
    public async Task Start_WithABadEndpoint_NamesKeyAndValue(string endpoint, string expected)
    {
        var exception =
            await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync($$$"""{ "Utp": { "Endpoints": { "web": { {{{endpoint}}} } } } }"""));

        Assert.Contains(expected, exception.Failures);
    }

    [Fact]
    public async Task Start_WithABadTransportOption_NamesKeyAndValue()
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync("""{ "Utp": { "Transport": { "SendBufferSize": -1 } } }"""));

        Assert.StartsWith("Utp:Transport:SendBufferSize is '-1'. Expected a whole number of bytes from 8192", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithACertificateFileThatIsNotThere_NamesTheKey()
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(
            """{ "Utp": { "Endpoints": { "web": { "Url": "utp://127.0.0.1:0", "Certificate": { "Path": "missing.pfx" } } } } }"""));

        Assert.StartsWith("Utp:Endpoints:web:Certificate:Path is 'missing.pfx', but there is no file '", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithTheWrongPassword_NamesTheKey()
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.pfx");
        await File.WriteAllBytesAsync(path, TestCertificate.Instance.Export(X509ContentType.Pkcs12, "right"));
        try
        {
            var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(
                $$$"""{ "Utp": { "Endpoints": { "web": { "Url": "utp://127.0.0.1:0", "Certificate": { "Path": "{{{path}}}", "Password": "wrong" } } } } }"""));

            Assert.StartsWith($"Utp:Endpoints:web:Certificate:Path is '{path}', but that certificate cannot be loaded: ", exception.Message,
                StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task Start_WithASubjectThatTheStoreLacks_NamesTheKey()
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(
            """{ "Utp": { "Endpoints": { "web": { "Url": "utp://127.0.0.1:0", "Certificate": { "Subject": "nobody.invalid", "AllowInvalid": true } } } } }"""));

        Assert.Equal(
            "Utp:Endpoints:web:Certificate:Subject is 'nobody.invalid', but store My of CurrentUser has no certificate of that subject with a private key.",
            exception.Message);
    }

    [Fact]
    public async Task Start_WithAPortInUse_NamesTheAddress()
    {
        await using var first = await UtpWebApp.StartAsync(_ => { });
        var port = first.EndPoints[0].Port;

        var exception = await Assert.ThrowsAsync<IOException>(() => StartAsync(
            $$$"""{ "Urls": "http://127.0.0.1:0", "Utp": { "Endpoints": { "web": { "Url": "utp://127.0.0.1:{{{port}}}" } } } }"""));

        Assert.Equal(
            $"Failed to bind to address utp://127.0.0.1:{port}: the UDP port is already in use. Stop the program that has it, or set "
                + $"Utp:Endpoints:web:Url to another port.",
            exception.Message);
    }

    [Fact]
    public async Task Bind_OfAPortThatAnEndpointHas_NamesTheEndpoint()
    {
        UtpEndPoint? first = null;
        var exception = await Assert.ThrowsAsync<IOException>(async () =>
        {
            await using var app = UtpWebApp.Build("""{ "Urls": "http://127.0.0.1:0", "Utp": { "Endpoints": { "web": { "Url": "utp://127.0.0.1:0" } } } }""");
            await app.StartAsync();
            first = new UtpEndPoint(app.EndPoints[0].IPEndPoint!);
            await app.App.Services.GetRequiredService<Microsoft.AspNetCore.Connections.IConnectionListenerFactory>().BindAsync(first);
        });

        Assert.Equal(
            $"Failed to bind to address {first!.ToUriString()}: the UDP port is already in use by Utp:Endpoints:web:Url of this program. "
                + "Listen on another port.",
            exception.Message);
    }

    [Fact]
    public async Task Start_WithAHostThatCannotBeResolved_NamesKeyAndHost()
    {
        var exception = await Assert.ThrowsAsync<IOException>(() => StartAsync(
            """{ "Urls": "http://127.0.0.1:0", "Utp": { "Endpoints": { "web": { "Url": "utp://no-such-host.invalid:5000" } } } }"""));

        Assert.StartsWith("Failed to bind to address utp://no-such-host.invalid:5000: The host 'no-such-host.invalid' cannot be resolved: ",
            exception.Message, StringComparison.Ordinal);
        Assert.EndsWith(" Set Utp:Endpoints:web:Url to an address of this machine, for example utp://0.0.0.0:5000.", exception.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task ListenUtp_WithoutUseUtp_SaysWhatToCall()
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(
            "{}", builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUtp(IPAddress.Loopback, 0))));

        Assert.Equal("ListenUtp needs the uTP transport. Call builder.WebHost.UseUtp() as well.", exception.Message);
    }

    [Fact]
    public async Task ListenUtp_WithHttp3_IsRefused()
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync("{}", builder => builder.WebHost.UseUtp().ConfigureKestrel(
            kestrel => kestrel.ListenUtp(IPAddress.Loopback, 5443, listen => listen.Protocols = HttpProtocols.Http1AndHttp2AndHttp3))));

        Assert.Equal("HTTP/3 runs over QUIC and cannot run over uTP. Set the protocols of utp://127.0.0.1:5443 to Http1, Http2 or Http1AndHttp2.",
            exception.Message);
    }

    [Fact]
    public async Task ListenLocalhostUtp_WithPortZero_IsRefused()
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(
            "{}", builder => builder.WebHost.UseUtp().ConfigureKestrel(kestrel => kestrel.ListenLocalhostUtp(0))));

        Assert.Contains("Port 0 cannot be used with localhost", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConfigureUtp_OutOfRange_IsRefused()
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync("{}", builder => builder.WebHost.UseUtp().ConfigureKestrel(
            kestrel => kestrel.ListenUtp(IPAddress.Loopback, 0, listen => listen.ConfigureUtp(utp => utp.SendBufferSize = 1)))));

        Assert.Contains("SendBufferSize is '1'. Expected a whole number of bytes from 8192", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConfigureUtp_OnATcpEndpoint_IsRefused()
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync("{}", builder => builder.WebHost.UseUtp().ConfigureKestrel(
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.ConfigureUtp(_ => { })))));

        Assert.Contains("is not a uTP endpoint", exception.Message, StringComparison.Ordinal);
    }

    private static async Task StartAsync(string json, Action<WebApplicationBuilder>? configure = null)
    {
        var app = UtpWebApp.Build(json, configure);
        app.App.Run(context => context.Response.WriteAsync("hello"));
        await app.StartAsync();
        await app.DisposeAsync();
    }
}
