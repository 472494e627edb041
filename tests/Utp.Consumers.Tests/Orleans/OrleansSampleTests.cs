using System.Diagnostics;

namespace Utp.Consumers.Tests.Orleans;

/// <summary>The sample OrleansOverUtp: two silos and a client, each a process, without a TCP socket.</summary>
public sealed class OrleansSampleTests
{
    [Fact]
    public async Task Once_AnswersEveryCallWithoutTcp()
    {
        var (exitCode, output) = await RunAsync("--once");

        Assert.True(exitCode == 0, output);
        Assert.Equal(2, output.Split('\n').Count(line => line.StartsWith("silo ", StringComparison.Ordinal)));
        if (OperatingSystem.IsLinux())
        {
            Assert.All(output.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Contains(" 0 TCP sockets", line, StringComparison.Ordinal));
        }
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        var output = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var program = Path.Combine(Repository.Root, "samples", "OrleansOverUtp", "bin", output.Parent!.Name, output.Name, "OrleansOverUtp.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true })!;
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        try
        {
            var text = await process.StandardOutput.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            return (process.ExitCode, text);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }
}
