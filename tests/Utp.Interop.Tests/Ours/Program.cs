using System.Globalization;
using System.Net;
using Utp.Interop.Tests.Swarms;

namespace Utp.Interop.Tests.Ours;

/// <summary>
/// Our side as a separate process, for tests that kill it. With a port (0 for any) it listens on it and reads everything that arrives. With two
/// endpoints and a number of bytes it relays from the first to the second, and holds after so many bytes.
/// </summary>
internal static class Program
{
    public static async Task Main(string[] arguments)
    {
        if (arguments.Length == 3)
        {
            await RelayAsync(IPEndPoint.Parse(arguments[0]), IPEndPoint.Parse(arguments[1]), long.Parse(arguments[2], CultureInfo.InvariantCulture));
            return;
        }

        await using var host = new OurHost();
        await using var listener = await host.ListenAsync(IPAddress.Loopback, int.Parse(arguments[0], CultureInfo.InvariantCulture));
        Console.WriteLine(listener.EndPoint.Port.ToString(CultureInfo.InvariantCulture));
        var connection = await listener.AcceptAsync();
        await connection.ReceiveAsync();
    }

    private static async Task RelayAsync(IPEndPoint local, IPEndPoint target, long holdAfter)
    {
        await using var relay = await StreamRelay.StartAsync(target, local, holdAfter);
        Console.WriteLine(relay.EndPoint.Port.ToString(CultureInfo.InvariantCulture));
        await relay.Held;
        Console.WriteLine("held");
        await Task.Delay(Timeout.Infinite);
    }
}
