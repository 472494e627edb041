using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Utp.Transport.Engine;
using Utp.Transport.Tests.Datagrams;

namespace Utp.Transport.Tests.Performance;

/// <summary>
/// Both ends and everything between them allocate nothing once they are warm. The best of several rounds counts, and a byte per message is
/// tolerated, because the runtime itself allocates while it compiles. An object per message would add at least 24 bytes in each round.
/// </summary>
[Collection(Alone.Name)]
public sealed class AllocationTests
{
    private const int RoundCount = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private const double ToleratedBytes = 1;

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Echo_64BytesWarm_AllocatesNothing(UtpDatagramOffload channel)
    {
        const int Count = 5_000;
        await using var engine = NewEngine(channel);
        var (client, server) = await ConnectAsync(engine);
        var serving = EchoAsync(server);
        var allocated = await PingAsync(client, Count).WaitAsync(Patience);

        Assert.True(allocated <= Count * ToleratedBytes, $"{allocated} bytes for {Count} messages.");
        await client.DisposeAsync();
        await serving.WaitAsync(Patience);
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Bulk_Warm_AllocatesNothingPerPacket(UtpDatagramOffload channel)
    {
        const long Bytes = 16 * 1024 * 1024;
        const long PacketCount = Bytes / 1_452;
        await using var engine = NewEngine(channel);
        var (client, server) = await ConnectAsync(engine);
        var sending = SendAsync(client, RoundCount * Bytes);
        var allocated = await ReceiveAsync(server, Bytes).WaitAsync(Patience);

        Assert.True(allocated <= PacketCount * ToleratedBytes, $"{allocated} bytes for {PacketCount} packets.");
        await sending.WaitAsync(Patience);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    private static UtpEngine NewEngine(UtpDatagramOffload channel) => new(
        Microsoft.Extensions.Options.Options.Create(new UtpTransportOptions { DatagramOffload = channel }), NullLoggerFactory.Instance, TimeProvider.System);

    private static async Task<(ConnectionContext Client, ConnectionContext Server)> ConnectAsync(UtpEngine engine)
    {
        await using var listener = await engine.BindAsync(new IPEndPoint(IPAddress.Loopback, 0), engine.DefaultOptions);
        var accept = listener.AcceptAsync();
        var client = await engine.ConnectAsync(((UtpEndPoint)listener.EndPoint).IPEndPoint!, engine.DefaultOptions, null);
        return (client, (await accept)!);
    }

    /// <summary>Gets the bytes allocated during the best round.</summary>
    private static async Task<long> PingAsync(ConnectionContext connection, int count)
    {
        var message = new byte[64];
        var (input, output) = (connection.Transport.Input, connection.Transport.Output);
        var least = long.MaxValue;
        for (var round = 0; round < RoundCount; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < count; i++)
            {
                await output.WriteAsync(message);
                for (var missing = (long)message.Length; missing > 0;)
                {
                    var read = await input.ReadAsync();
                    missing -= read.Buffer.Length;
                    input.AdvanceTo(read.Buffer.End);
                }
            }

            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return least;
    }

    private static async Task EchoAsync(ConnectionContext connection)
    {
        var (input, output) = (connection.Transport.Input, connection.Transport.Output);
        while (await input.ReadAsync() is { Buffer.IsEmpty: false } read)
        {
            foreach (var memory in read.Buffer)
            {
                output.Write(memory.Span);
            }

            input.AdvanceTo(read.Buffer.End);
            await output.FlushAsync();
        }

        await connection.DisposeAsync();
    }

    private static async Task SendAsync(ConnectionContext connection, long bytes)
    {
        var output = connection.Transport.Output;
        for (var left = bytes; left > 0;)
        {
            var memory = output.GetMemory(4_096);
            var length = (int)Math.Min(memory.Length, left);
            output.Advance(length);
            left -= length;
            await output.FlushAsync();
        }
    }

    private static async Task<long> ReceiveAsync(ConnectionContext connection, long bytes)
    {
        var input = connection.Transport.Input;
        var least = long.MaxValue;
        var received = 0L;
        for (var round = 1; round <= RoundCount; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            while (received < round * bytes)
            {
                var read = await input.ReadAsync();
                received += read.Buffer.Length;
                input.AdvanceTo(read.Buffer.End);
            }

            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return least;
    }
}
