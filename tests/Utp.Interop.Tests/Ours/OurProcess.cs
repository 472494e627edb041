using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Utp.Interop.Tests.Ours;

/// <summary>Our side in a separate process (<see cref="Program"/>), which can be killed.</summary>
internal sealed class OurProcess : IDisposable
{
    private readonly Process _process;

    private OurProcess(Process process, IPEndPoint endPoint) => (_process, EndPoint) = (process, endPoint);

    public IPEndPoint EndPoint { get; }

    public static async Task<OurProcess> StartListeningAsync()
    {
        var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(OurProcess).Assembly.Location, "0"]) { RedirectStandardOutput = true })!;
        var line = await process.StandardOutput.ReadLineAsync().WaitAsync(OurHost.Patience);
        return new OurProcess(process, new IPEndPoint(IPAddress.Loopback, int.Parse(line!, CultureInfo.InvariantCulture)));
    }

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
}
