using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Utp.Transport.Tests.Hosting;

namespace Utp.Transport.Tests.Samples;

/// <summary>The configuration in the README works, and its messages are those of the program. Utp.Docs.Tests compiles the code.</summary>
public sealed class ReadmeTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(Repository.Root, "README.md")).ReplaceLineEndings("\n");

    [Fact]
    public void Configuration_BindsAndValidates()
    {
        var json = Assert.Single(Blocks("json"));

        // The certificate of the secure endpoint belongs to the reader; everything else is checked as at the start of a host.
        using var host = UtpConfigurationJson.Host(json);
        host.Services.GetRequiredService<IStartupValidator>().Validate();

        Assert.Equal(16, host.Services.GetRequiredService<IOptionsMonitor<UtpClientOptions>>().Get("files").MaxConnections);
        Assert.Equal(4_194_304, host.Services.GetRequiredService<IOptionsMonitor<UtpListenerOptions>>().Get("secure").ReceiveBufferSize);
    }

    [Fact]
    public async Task ConfigurationErrors_AreThoseOfTheProgram()
    {
        var failures = await UtpConfigurationJson.StartFailuresAsync("""{ "Utp": { "Transport": { "RecieveBufferSize": 1, "SendBufferSize": -1 } } }""");

        Assert.Contains(string.Join('\n', failures), Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Sample_IsShortEnoughToRead() => Assert.All(
        (string[])["HttpOverUtp", "EchoHost"],
        sample => Assert.InRange(File.ReadLines(Path.Combine(Repository.Root, "samples", sample, "Program.cs")).Count(), 1, 60));

    private static IEnumerable<string> Blocks(string language) =>
        Regex.Matches(Text, $"^```{language}\n(.*?)\n```$", RegexOptions.Singleline | RegexOptions.Multiline).Select(match => match.Groups[1].Value);
}
