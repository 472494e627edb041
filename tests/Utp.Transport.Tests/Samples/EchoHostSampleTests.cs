namespace Utp.Transport.Tests.Samples;

/// <summary>Runs the sample EchoHost as a person does.</summary>
public sealed class EchoHostSampleTests
{
    [Fact]
    public async Task Once_EchoesAndExitsZero()
    {
        await using var sample = SampleProcess.Start("EchoHost", "--once");

        var (exitCode, output, error) = await sample.EndAsync();

        Assert.True(exitCode == 0, $"Exit code {exitCode}: {output}{error}");
        Assert.Contains("1,000,000 bytes to 127.0.0.1:", output, StringComparison.Ordinal);
        Assert.DoesNotContain("DIFFERENT", output, StringComparison.Ordinal);
        Assert.DoesNotContain("warn:", output, StringComparison.Ordinal);
    }
}
