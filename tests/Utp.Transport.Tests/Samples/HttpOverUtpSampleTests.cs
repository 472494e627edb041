using System.Net.Http;

namespace Utp.Transport.Tests.Samples;

/// <summary>Runs the sample HttpOverUtp as a person does.</summary>
public sealed class HttpOverUtpSampleTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("utp-sample-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Once_OverTheRuntimesFolder_VerifiesEveryFileAndExitsZero()
    {
        await using var sample = SampleProcess.Start("HttpOverUtp", "--once");

        var (exitCode, output, error) = await sample.EndAsync();

        Assert.True(exitCode == 0, $"Exit code {exitCode}: {output}{error}");
        var count = Directory.EnumerateFiles(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "*", SearchOption.AllDirectories).Count();
        Assert.Contains("every file arrived as it is on disk", output, StringComparison.Ordinal);
        Assert.Contains($"{count + 1} SHA-256 hashes", output, StringComparison.Ordinal);
        Assert.Matches(@"listening uTP +utp://127\.0\.0\.1:\d+", output);
        Assert.Matches(@"listening TCP +http://127\.0\.0\.1:\d+", output);
        Assert.Matches(@"MB/s", output);
        Assert.Matches(@"round trip +\d", output);
        Assert.Matches(@"queueing delay +\d", output);
        Assert.Matches(@"packets +\d+ sent, \d+ of them retransmissions", output);
    }

    [Fact]
    public async Task Once_OverAnotherFolder_ServesThatOne()
    {
        Write("plain.txt", 10);
        Write("empty", 0);
        Write(Path.Combine("a folder", "with #odd %names+.bin"), 300_000);
        await using var sample = SampleProcess.Start("HttpOverUtp", "--once", "--folder", _folder.FullName);

        var (exitCode, output, error) = await sample.EndAsync();

        Assert.True(exitCode == 0, $"Exit code {exitCode}: {output}{error}");
        Assert.Contains("4 SHA-256 hashes", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Once_OverAnEmptyFolder_ExitsOneWithAReason()
    {
        await using var sample = SampleProcess.Start("HttpOverUtp", "--once", "--folder", _folder.FullName);

        var (exitCode, _, error) = await sample.EndAsync();

        Assert.Equal(1, exitCode);
        Assert.Contains("FAILED: the folder", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--twice")]
    [InlineData("--folder", "/no/such/folder")]
    [InlineData("--folder")]
    public async Task Start_WithBadArguments_ExitsTwoWithUsage(params string[] arguments)
    {
        await using var sample = SampleProcess.Start("HttpOverUtp", arguments);

        var (exitCode, _, error) = await sample.EndAsync();

        Assert.Equal(2, exitCode);
        Assert.Contains("Usage: HttpOverUtp [--once]", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithoutOnce_ServesOverUtpAndTcpWithoutLettingPathsOut()
    {
        Write("plain.txt", 10);
        await using var sample = SampleProcess.Start(
            "HttpOverUtp", "--folder", _folder.FullName, "--Utp:Endpoints:web:Url=utp://127.0.0.1:0", "--urls=http://127.0.0.1:0");
        await sample.ReadUntilAsync("Serving ");
        await sample.ReadUntilAsync("over uTP on utp://127.0.0.1:");
        var tcp = (await sample.ReadUntilAsync("over TCP on")).Split(' ')[^1];
        using var client = new HttpClient { BaseAddress = new Uri(tcp) };

        Assert.Equal(10, (await client.GetByteArrayAsync(new Uri("files/plain.txt", UriKind.Relative))).Length);
        using var escaped = await client.GetAsync(new Uri("files/..%2F..%2Fetc%2Fpasswd", UriKind.Relative));
        Assert.Equal(System.Net.HttpStatusCode.NotFound, escaped.StatusCode);
    }

    private void Write(string path, int size)
    {
        var file = new FileInfo(Path.Combine(_folder.FullName, path));
        file.Directory!.Create();
        var bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        File.WriteAllBytes(file.FullName, bytes);
    }
}
