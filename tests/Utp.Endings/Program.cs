using System.Globalization;
using System.Net;
using Utp.Transport;

namespace Utp.Endings;

/// <summary>
/// A program that sends bytes and ends without disposing its client, in one of the ways in which programs end. Tests run it as a process.
/// Usage: Utp.Endings ADDRESS:PORT BYTES (closed | open | exit | crash).
/// </summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        if (arguments.Length != 3 || !IPEndPoint.TryParse(arguments[0], out var remote))
        {
            Console.Error.WriteLine("Usage: Utp.Endings ADDRESS:PORT BYTES (closed | open | exit | crash)");
            return 2;
        }

        var bytes = new byte[int.Parse(arguments[1], CultureInfo.InvariantCulture)];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(i * 31);
        }

        // Never disposed, which is the point. The send buffer takes everything at once.
        var client = new UtpClient(new UtpClientOptions { SendBufferSize = Math.Max(8_192, 2 * bytes.Length), LingerTimeout = TimeSpan.FromSeconds(30) });
        var stream = await client.ConnectAsync(remote);
        await stream.WriteAsync(bytes);
        if (arguments[2] is "open" or "crash")
        {
            // A listener drops a connection that was reset before it was accepted, so these two wait for a byte of the accepted one.
            await stream.ReadExactlyAsync(new byte[1]);
        }

        Console.WriteLine("ending");
        switch (arguments[2])
        {
            case "open":
                GC.KeepAlive(stream);
                return 0;
            case "exit":
                await stream.DisposeAsync();
                Environment.Exit(7);
                return 0;
            case "crash":
                throw new InvalidOperationException("This program was asked to crash.");
            default:
                await stream.DisposeAsync();
                return 0;
        }
    }
}
