using Utp.Transport.Hosting;

namespace Utp.Transport.Tests.Hosting;

/// <summary>The register of bound listeners.</summary>
public sealed class UtpServerAddressesTests
{
    private readonly UtpServerAddresses _addresses = new();

    [Fact]
    public void EndPoints_AreListedWhileBound()
    {
        var first = _addresses.Add(UtpEndPoint.Parse("127.0.0.1:0"), UtpEndPoint.Parse("127.0.0.1:5001"));
        using var second = _addresses.Add(UtpEndPoint.Parse("127.0.0.1:0"), UtpEndPoint.Parse("127.0.0.1:5002"));
        Assert.Equal([5001, 5002], _addresses.EndPoints.Select(endPoint => endPoint.Port));

        first.Dispose();
        first.Dispose();

        Assert.Equal([5002], _addresses.EndPoints.Select(endPoint => endPoint.Port));
    }

    [Fact]
    public void GetEndPoint_ByName_GivesTheRealPort()
    {
        using var bound = _addresses.Add(UtpEndPoint.Parse("127.0.0.1:0").WithListener("web", null), UtpEndPoint.Parse("127.0.0.1:5001"));

        Assert.Equal(5001, _addresses.GetEndPoint("WEB").Port);
    }

    [Fact]
    public void GetEndPoint_OfAnUnknownName_ListsTheBound()
    {
        Assert.Contains("has the host started?", Assert.Throws<InvalidOperationException>(() => _addresses.GetEndPoint("web"))
            .Message, StringComparison.Ordinal);
        using var bound = _addresses.Add(UtpEndPoint.Parse("127.0.0.1:0").WithListener("grpc", null), UtpEndPoint.Parse("127.0.0.1:5001"));

        Assert.Equal("No uTP listener named 'web' is bound. Bound are 'grpc'.", Assert.Throws<InvalidOperationException>(() => _addresses.GetEndPoint("web"))
            .Message);
    }
}
