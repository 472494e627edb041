using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace OrleansOverUtp;

/// <summary>Runs two silos and a client, each as a process of this program.</summary>
internal static class Cluster
{
    // Below the ports that systems give to sockets that ask for any.
    private const int FirstPort = 20_000;
    private const int LastPort = 30_000;

    public static async Task<int> RunAsync(bool overTcp)
    {
        int[] ports = [.. UnusedPorts().Take(4)];
        var processes = new List<Process>();
        try
        {
            foreach (var (silo, gateway) in new[] { (ports[0], ports[1]), (ports[2], ports[3]) })
            {
                var process = Start(overTcp, "silo", silo, gateway, ports[0]);
                processes.Add(process);
                if (await process.StandardOutput.ReadLineAsync() is not "ready" and var line)
                {
                    await Console.Error.WriteLineAsync($"The silo on port {silo} did not start: {line ?? "it ended"}");
                    return 1;
                }
            }

            using var client = Start(overTcp, "client", ports[1], ports[3]);
            Console.Write(await client.StandardOutput.ReadToEndAsync());
            await client.WaitForExitAsync();
            return client.ExitCode;
        }
        finally
        {
            foreach (var process in processes)
            {
                process.StandardInput.Close();
            }

            foreach (var process in processes)
            {
                await process.WaitForExitAsync();
                process.Dispose();
            }
        }
    }

    private static Process Start(bool overTcp, string role, params int[] ports)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(Cluster).Assembly.Location);
        }

        start.ArgumentList.Add(role);
        foreach (var port in ports)
        {
            start.ArgumentList.Add(port.ToString(CultureInfo.InvariantCulture));
        }

        if (overTcp)
        {
            start.ArgumentList.Add("--tcp");
        }

        return Process.Start(start)!;
    }

    private static IEnumerable<int> UnusedPorts()
    {
        var first = FirstPort + (Environment.ProcessId * 16 % (LastPort - FirstPort));
        for (var port = first; port <= LastPort; port++)
        {
            if (IsUnused(port))
            {
                yield return port;
            }
        }
    }

    private static bool IsUnused(int port)
    {
        try
        {
            using var udp = new UdpClient(new IPEndPoint(IPAddress.Loopback, port));
            using var tcp = new TcpListener(IPAddress.Loopback, port);
            tcp.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
