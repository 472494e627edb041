using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Samples;

/// <summary>
/// The service manager binds the port, and starts the sample EchoHost with the first datagram that comes. That datagram is a request to connect,
/// which the sample then answers.
/// </summary>
public sealed class SocketActivationTests
{
    private const string Program = "/usr/bin/systemd-socket-activate";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [ActivationFact]
    public async Task ConnectThatStartsTheProgram_IsAnswered()
    {
        var port = FreePort();
        string[] sample = ["dotnet", RepositoryPaths.Sample("EchoHost"), $"--Utp:Endpoints:echo:Url=utp://127.0.0.1:{port}"];
        using var activator = Process.Start(new ProcessStartInfo(Program, ["--datagram", $"--listen=127.0.0.1:{port}", .. sample])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        })!;
        try
        {
            _ = activator.StandardOutput.ReadToEndAsync();
            Assert.Contains("Listening on", await activator.StandardError.ReadLineAsync().WaitAsync(Patience), StringComparison.Ordinal);
            await using var client = new UtpClient(new UtpClientOptions { ConnectTimeout = Patience });

            await using var stream = await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port)).AsTask().WaitAsync(Patience);
            var echoed = new byte[100_000];
            var read = stream.ReadExactlyAsync(echoed).AsTask();
            await stream.WriteAsync(PipeAssertions.Pattern(echoed.Length)).AsTask().WaitAsync(Patience);
            await read.WaitAsync(Patience);

            Assert.Equal(PipeAssertions.Pattern(echoed.Length), echoed);
        }
        finally
        {
            activator.Kill(entireProcessTree: true);
            await activator.WaitForExitAsync().WaitAsync(Patience);
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Skipped visibly where systemd is not installed.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class ActivationFactAttribute : FactAttribute
    {
        public ActivationFactAttribute() => Skip = File.Exists(Program) ? null : $"It needs {Program} (Debian: apt-get install systemd).";
    }
}
