using System.Diagnostics;
using System.Globalization;
using System.Net;
using Utp.Interop.Tests.Harness;

namespace Utp.Interop.Tests.Ours;

/// <summary>Our side in a separate process (<see cref="Program"/>), which can be killed.</summary>
internal sealed class OurProcess : IDisposable
{
    private readonly Process _process;

    private OurProcess(Process process, IPEndPoint endPoint) => (_process, EndPoint) = (process, endPoint);

    public IPEndPoint EndPoint { get; }

    public static Task<OurProcess> StartListeningAsync() => StartAsync(IPAddress.Loopback, "0");

    /// <summary>Starts a relay that holds after so many bytes from its target.</summary>
    public static Task<OurProcess> StartRelayAsync(IPAddress address, IPEndPoint target, long holdAfter) =>
        StartAsync(address, new IPEndPoint(address, 0).ToString(), target.ToString(), holdAfter.ToString(CultureInfo.InvariantCulture));

    /// <summary>Waits until the relay holds.</summary>
    public async Task WaitUntilHeldAsync() => Assert.Equal("held", await _process.StandardOutput.ReadLineAsync().WaitAsync(LongTests.TransferPatience));

    /// <summary>Kills the process: it closes nothing and sends nothing.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
    }

    private static async Task<OurProcess> StartAsync(IPAddress address, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(OurProcess).Assembly.Location, .. arguments]) { RedirectStandardOutput = true };
        var process = Process.Start(start)!;
        var line = await process.StandardOutput.ReadLineAsync().WaitAsync(OurHost.Patience);
        return new OurProcess(process, new IPEndPoint(address, int.Parse(line!, CultureInfo.InvariantCulture)));
    }
}
