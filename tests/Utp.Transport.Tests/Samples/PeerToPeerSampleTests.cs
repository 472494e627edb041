using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Utp.Transport.Tests.Engine;
using Utp.Transport.Tests.Standalone;

namespace Utp.Transport.Tests.Samples;

/// <summary>The sample PeerToPeer, and the host of docs/peer-to-peer.md. Utp.Docs.Tests compiles the page and holds it to the sample.</summary>
public sealed class PeerToPeerSampleTests
{
    [Fact]
    public async Task Once_ExchangesOverAllConnectionsAndExitsZero()
    {
        await using var sample = SampleProcess.Start("PeerToPeer", "--once");

        var (exitCode, output, error) = await sample.EndAsync();

        Assert.True(exitCode == 0, $"Exit code {exitCode}: {output}{error}");
        var lines = Regex.Matches(output, @"^200 connections, (\d+) bytes in \d+ packets received, (\d+) pings and answers, \d+ segments retransmitted$",
            RegexOptions.Multiline);
        Assert.Equal(2, lines.Count);

        // Each peer has received 100 times 10,000 bytes as requests and as answers, in TLS records. Datagrams of the pings may be lost.
        Assert.All(lines, line => Assert.True(int.Parse(line.Groups[1].ValueSpan) > 2_000_000));
        Assert.All(lines, line => Assert.InRange(int.Parse(line.Groups[2].ValueSpan), 1, 200));
    }

    [Fact]
    public async Task Page_CodeOfTheHost_Starts()
    {
        using var host = PeerToPeerCode.BuildHost(["--Utp:Endpoints:peers:Url=utp://127.0.0.1:0"]);
        await host.StartAsync();
        await using var other = await UtpSocketTests.BindAsync();

        await using var connection = await host.Services.GetRequiredKeyedService<IUtpConnectionFactory>("peers").ConnectAsync(other.LocalEndPoint)
            .AsTask().WaitAsync(EngineFixture.Patience);
        await using var accepted = await other.AcceptAsync().AsTask().WaitAsync(EngineFixture.Patience);

        Assert.Equal(host.Services.GetRequiredService<IUtpServerAddresses>().GetEndPoint("peers").IPEndPoint, accepted.RemoteEndPoint);
        await connection.DisposeAsync();
        await host.StopAsync();
    }

    [Fact]
    public void Program_IsShortEnoughToRead() => Assert.InRange(Read("samples/PeerToPeer/Program.cs").TrimEnd().Split('\n').Length, 1, 75);

    private static string Read(string path) => File.ReadAllText(Path.Combine(Repository.Root, path)).ReplaceLineEndings("\n");
}
