using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Utp.Interop.Tests.Socks;

/// <summary>The SOCKS server of Debian's package dante-server, as a process of the test.</summary>
internal sealed class DanteProxy : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly string _file;

    private DanteProxy(Process process, string file, IPEndPoint endPoint) => (_process, _file, EndPoint) = (process, file, endPoint);

    /// <summary>Null when the server is installed, or when its absence is a failure rather than a reason to skip (CI=true).</summary>
    public static string? SkipReason =>
        string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase) || Find() is not null
            ? null
            : "It needs a SOCKS5 proxy: 'apt-get install -y --no-install-recommends dante-server'.";

    public IPEndPoint EndPoint { get; }

    /// <summary>Starts the server on a free port of the loopback address.</summary>
    public static async Task<DanteProxy> StartAsync()
    {
        var program = Find();
        Assert.True(program is not null, "danted is not installed: 'apt-get install -y --no-install-recommends dante-server'.");
        var endPoint = new IPEndPoint(IPAddress.Loopback, FreePort());
        var file = Path.Combine(Path.GetTempPath(), $"utp-dante-{Guid.NewGuid():N}.conf");
        await File.WriteAllTextAsync(file, $$"""
            logoutput: stderr
            internal: 127.0.0.1 port = {{endPoint.Port}}
            external: 127.0.0.1
            clientmethod: none
            socksmethod: none
            client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }
            socks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 command: udpassociate }
            socks pass { from: 0.0.0.0/0 to: 127.0.0.0/8 command: udpreply }

            """);
        var process = Process.Start(new ProcessStartInfo(program!, ["-f", file]) { RedirectStandardError = true })!;
        var proxy = new DanteProxy(process, file, endPoint);
        try
        {
            await proxy.WaitUntilListeningAsync();
            return proxy;
        }
        catch
        {
            proxy.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
        File.Delete(_file);
    }

    private static string? Find()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':').Append("/usr/sbin");
        return folders.Select(folder => Path.Combine(folder, "danted")).FirstOrDefault(File.Exists);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private async Task WaitUntilListeningAsync()
    {
        var errors = new List<string>();
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (errors)
            {
                errors.Add(line.Data ?? string.Empty);
            }
        };
        _process.BeginErrorReadLine();
        for (var started = Stopwatch.StartNew(); ; await Task.Delay(20))
        {
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await probe.ConnectAsync(EndPoint);
                return;
            }
            catch (SocketException)
            {
                string said;
                lock (errors)
                {
                    said = string.Join('\n', errors);
                }

                Assert.False(_process.HasExited || started.Elapsed > Patience, $"danted does not listen on {EndPoint}: {said}");
            }
        }
    }
}
