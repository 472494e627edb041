using System.Net;
using System.Net.Sockets;

namespace Utp.Transport.Tests.Hosting;

/// <summary>Parsing, formatting and comparing uTP addresses.</summary>
public sealed class UtpEndPointTests
{
    [Theory]
    [InlineData("utp://127.0.0.1:5000", "127.0.0.1", 5000, "127.0.0.1:5000")]
    [InlineData("UTP://127.0.0.1:5000/", "127.0.0.1", 5000, "127.0.0.1:5000")]
    [InlineData("127.0.0.1:0", "127.0.0.1", 0, "127.0.0.1:0")]
    [InlineData(" utp://[::1]:65535 ", "::1", 65535, "[::1]:65535")]
    [InlineData("utp://*:80", "::", 80, "[::]:80")]
    [InlineData("utp://+:80", "::", 80, "[::]:80")]
    [InlineData("utp://tracker.example.org:6969", "tracker.example.org", 6969, "tracker.example.org:6969")]
    [InlineData("localhost:1", "localhost", 1, "localhost:1")]
    public void Parse_OfAnEndpoint_GivesHostAndPort(string text, string host, int port, string formatted)
    {
        var endPoint = UtpEndPoint.Parse(text);

        Assert.Equal((host, port, formatted), (endPoint.Host, endPoint.Port, endPoint.ToString()));
        Assert.Equal("utp://" + formatted, endPoint.ToUriString());
        Assert.Equal(endPoint, UtpEndPoint.Parse(endPoint.ToUriString()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("utp://")]
    [InlineData("utp://127.0.0.1")]
    [InlineData("utp://:5000")]
    [InlineData("utp://127.0.0.1:")]
    [InlineData("utp://127.0.0.1:65536")]
    [InlineData("utp://127.0.0.1:-1")]
    [InlineData("utp://127.0.0.1:5000/path")]
    [InlineData("utp://::1:5000")]
    [InlineData("utp://[127.0.0.1]:5000")]
    [InlineData("utp://[tracker]:5000")]
    [InlineData("utp://a b:5000")]
    [InlineData("utp://user@host:5000")]
    [InlineData("http://127.0.0.1:5000")]
    public void TryParse_OfSomethingElse_IsFalse(string? text) => Assert.False(UtpEndPoint.TryParse(text, out _));

    [Fact]
    public void Parse_OfSomethingElse_QuotesIt() =>
        Assert.Contains("'http://x:1'", Assert.Throws<FormatException>(() => UtpEndPoint.Parse("http://x:1")).Message, StringComparison.Ordinal);

    [Fact]
    public void Equals_IgnoresCaseOfTheHost() =>
        Assert.Equal(new HashSet<UtpEndPoint> { new("Tracker.example", 1) }, [new UtpEndPoint("tracker.EXAMPLE", 1)]);

    [Fact]
    public void Equals_OfAnAddressAndItsText_IsTrue() => Assert.Equal(new UtpEndPoint(IPAddress.IPv6Loopback, 1), new UtpEndPoint("::1", 1));

    [Fact]
    public void Equals_IgnoresWhatTheListenerUses() =>
        Assert.Equal(new UtpEndPoint(IPAddress.Any, 1), new UtpEndPoint(IPAddress.Any, 1).WithListener("web", new UtpListenerOptions()));

    [Fact]
    public void AddressFamily_OfAName_IsUnspecified()
    {
        Assert.Equal(AddressFamily.Unspecified, new UtpEndPoint("localhost", 1).AddressFamily);
        Assert.Equal(AddressFamily.InterNetworkV6, new UtpEndPoint("::1", 1).AddressFamily);
    }

    [Fact]
    public void Type_IsNoIPEndPoint() => Assert.False(typeof(UtpEndPoint).IsAssignableTo(typeof(IPEndPoint)));
}
