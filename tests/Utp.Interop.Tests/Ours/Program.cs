using System.Globalization;
using System.Net;

namespace Utp.Interop.Tests.Ours;

/// <summary>
/// Our side as a separate process, for tests that kill it. It listens on the given port (0 for any) and reads everything that arrives.
/// </summary>
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
