using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Utp.Interop.Tests.Captures;

/// <summary>One datagram as tshark's bt-utp dissector read it.</summary>
/// <param name="Type">0 DATA, 1 FIN, 2 STATE, 3 RESET, 4 SYN; null when the dissector did not recognise it.</param>
/// <param name="HasSelectiveAck">Whether it carries the extension.</param>
/// <param name="IsMalformed">Whether the packet is malformed, which is the purpose of the check.</param>
internal sealed record DissectedPacket(int? Type, bool HasSelectiveAck, bool IsMalformed);

/// <summary>A capture of the loopback interface by tshark, while it runs and afterwards.</summary>
internal sealed class PacketCapture : IDisposable
{
    private const string Marker = "the end of the capture";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Process _tshark;
    private readonly string _file;
    private readonly int _port;

    private PacketCapture(Process tshark, string file, int port) => (_tshark, _file, _port) = (tshark, file, port);

    /// <summary>Null when captures can be made, or when their absence is a failure rather than a reason to skip (CI=true).</summary>
    public static string? SkipReason =>
        string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase) || (Environment.IsPrivilegedProcess && HasTShark())
            ? null
            : "Capturing needs root and tshark: 'apt-get install -y --no-install-recommends tshark'.";

    /// <summary>tshark's options that decode the captured port as uTP.</summary>
    public string[] DecodeAsUtp => ["-d", $"udp.port=={_port.ToString(CultureInfo.InvariantCulture)},bt-utp"];

    /// <summary>Captures what enters and leaves a UDP port of this machine's loopback interface.</summary>
    public static async Task<PacketCapture> StartAsync(int port)
    {
        var file = Path.Combine(Path.GetTempPath(), $"utp-interop-{Guid.NewGuid():N}.pcapng");
        var tshark = Start("-i", "lo", "-f", $"udp port {port.ToString(CultureInfo.InvariantCulture)}", "-w", file, "-q");
        string? line;
        do
        {
            line = await tshark.StandardError.ReadLineAsync().WaitAsync(Patience);
            Assert.False(line is null, "tshark ended before it captured anything");
        }
        while (!line!.StartsWith("Capturing on", StringComparison.Ordinal));

        // tshark reports this a little before its capturing child has started; the file appears when it has.
        while (!File.Exists(file))
        {
            await Task.Delay(20);
        }

        return new PacketCapture(tshark, file, port);
    }

    /// <summary>Ends the capture and reads it, with the port decoded as uTP.</summary>
    public async Task<IReadOnlyList<DissectedPacket>> StopAsync()
    {
        await DrainAsync();
        Assert.Equal(0, Interrupt(_tshark.Id, 2));
        await _tshark.WaitForExitAsync().WaitAsync(Patience);
        return await ReadAsync(DecodeAsUtp);
    }

    /// <summary>Reads the capture, which has ended, with other options.</summary>
    public async Task<IReadOnlyList<DissectedPacket>> ReadAsync(params string[] options)
    {
        using var reading = Start(
        [
            "-r", _file, .. options,
            "-Y", $"!(frame contains \"{Marker}\")", "-T", "fields", "-e", "bt-utp.type", "-e", "bt-utp.extension_bitmask", "-e", "_ws.malformed",
        ]);
        var errors = reading.StandardError.ReadToEndAsync();
        var text = await reading.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        await reading.WaitForExitAsync().WaitAsync(Patience);
        Assert.True(reading.ExitCode == 0, await errors);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];
    }

    public void Dispose()
    {
        if (!_tshark.HasExited)
        {
            _tshark.Kill(entireProcessTree: true);
        }

        _tshark.Dispose();
        File.Delete(_file);
    }

    /// <summary>
    /// Waits until a last datagram is in the file, because the kernel delivers captured packets in blocks, and an interrupted capture discards what
    /// has not been delivered.
    /// </summary>
    private async Task DrainAsync()
    {
        var marker = Encoding.ASCII.GetBytes(Marker);
        using var socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        await socket.SendAsync(marker, new IPEndPoint(IPAddress.Loopback, _port));
        for (var watch = Stopwatch.StartNew(); !Contains(marker);)
        {
            Assert.True(watch.Elapsed < Patience, "the last datagram did not reach the capture");
            await Task.Delay(50);
        }
    }

    private bool Contains(byte[] marker)
    {
        using var file = new FileStream(_file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes.AsSpan().IndexOf(marker) >= 0;
    }

    private static DissectedPacket Parse(string line)
    {
        var fields = line.Split('\t');
        return new DissectedPacket(
            int.TryParse(fields[0], CultureInfo.InvariantCulture, out var type) ? type : null,
            fields[1].Length > 0,
            fields[2].Length > 0);
    }

    private static bool HasTShark()
    {
        try
        {
            using var process = Start("--version");
            process.StandardOutput.ReadToEnd();
            return process.WaitForExit(Patience);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo("tshark", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Interrupt(int process, int signal);
}
