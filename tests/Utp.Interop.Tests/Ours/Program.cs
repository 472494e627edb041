using System.Globalization;
using System.Net;

namespace Utp.Interop.Tests.Ours;

/// <summary>Our side as a process of its own, for tests that kill it: listens on the port given (0 for any) and takes what comes.</summary>
internal static class Program
{
    public static async Task Main(string[] arguments)
    {
        await using var host = new OurHost();
        await using var listener = await host.ListenAsync(IPAddress.Loopback, int.Parse(arguments[0], CultureInfo.InvariantCulture));
        Console.WriteLine(listener.EndPoint.Port.ToString(CultureInfo.InvariantCulture));
        var connection = await listener.AcceptAsync();
        await connection.ReceiveAsync();
    }
}
