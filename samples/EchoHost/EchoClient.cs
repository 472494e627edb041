using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Utp.Transport;

namespace EchoHost;

/// <summary>Talks to the listener through the named client, with pipes turned into a stream.</summary>
internal sealed class EchoClient([FromKeyedServices("echo")] IUtpConnectionFactory client, IUtpServerAddresses addresses)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <returns>Whether everything came back as it was sent.</returns>
    public async Task<bool> RunAsync()
    {
        using var timeout = new CancellationTokenSource(Patience);
        await using var connection = await client.ConnectAsync(addresses.GetEndPoint("echo"), timeout.Token);
        await using var stream = connection.AsUtpStream();
        foreach (var size in (int[])[5, 1_000, 1_000_000])
        {
            var sent = RandomNumberGenerator.GetBytes(size);
            var received = new byte[size];
            var watch = Stopwatch.StartNew();
            var reading = stream.ReadExactlyAsync(received, timeout.Token).AsTask();
            await stream.WriteAsync(sent, timeout.Token);
            await stream.FlushAsync(timeout.Token);
            await reading;
            var equal = sent.AsSpan().SequenceEqual(received);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{size,9:N0} bytes to {connection.RemoteEndPoint} and back in {watch.Elapsed.TotalMilliseconds:F2} ms: {(equal ? "equal" : "DIFFERENT")}"));
            if (!equal)
            {
                return false;
            }
        }

        return true;
    }
}
