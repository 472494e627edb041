using Microsoft.AspNetCore.Connections;

namespace Utp.Consumers.Tests.Http;

/// <summary>What HttpClient does when a server ends a fresh connection in order, before it answers.</summary>
public sealed class FreshConnectionTests
{
    /// <summary>HttpClient takes such an end for an idle connection that the server has closed, and tries again with another one.</summary>
    [Theory]
    [InlineData(Wire.Utp)]
    [InlineData(Wire.Tcp)]
    public async Task Request_WhoseConnectionsEndInOrder_IsTriedFourTimes(Wire wire)
    {
        var connections = 0;
        await using var server = await WebServer.StartAsync(wire, _ => { }, _ => { }, listen => listen.Run(async connection =>
        {
            Interlocked.Increment(ref connections);
            var request = await connection.Transport.Input.ReadAsync();
            connection.Transport.Input.AdvanceTo(request.Buffer.End);
        }));
        using var client = server.CreateClient();

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri(string.Empty, UriKind.Relative)).WaitAsync(WebServer.Patience));

        Assert.Equal(4, connections);
    }

    /// <summary>A reset is a failure, and HttpClient reports it at once.</summary>
    [Theory]
    [InlineData(Wire.Utp)]
    [InlineData(Wire.Tcp)]
    public async Task Request_WhoseConnectionIsReset_IsTriedOnce(Wire wire)
    {
        var connections = 0;
        await using var server = await WebServer.StartAsync(wire, _ => { }, _ => { }, listen => listen.Run(async connection =>
        {
            Interlocked.Increment(ref connections);
            var request = await connection.Transport.Input.ReadAsync();
            connection.Transport.Input.AdvanceTo(request.Buffer.End);
            connection.Abort(new ConnectionAbortedException("no"));
        }));
        using var client = server.CreateClient();

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri(string.Empty, UriKind.Relative)).WaitAsync(WebServer.Patience));

        Assert.Equal(1, connections);
    }
}
