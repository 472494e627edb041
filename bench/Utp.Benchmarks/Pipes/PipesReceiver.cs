using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Utp.Transport.Connections;
using Utp.Transport.Engine;

namespace Utp.Benchmarks.Pipes;

/// <summary>
/// The receiver: consumes everything as it arrives. For each run, once it has consumed the announced number of bytes, it answers with one line of
/// text: the CPU seconds that its process has used.
/// </summary>
internal static class PipesReceiver
{
    public const string Command = "pipes-receive";

    public static int Run(PipesOptions options)
    {
        RunAsync(options, port => Console.WriteLine(port), default).GetAwaiter().GetResult();
        return 0;
    }

    public static async Task RunAsync(PipesOptions options, Action<int> announce, CancellationToken cancellationToken)
    {
        var transport = options.ToTransportOptions(options.Channels[0]);
        await using var engine = new UtpEngine(Options.Create(transport), NullLoggerFactory.Instance, TimeProvider.System);
        var factory = new UtpConnectionListenerFactory(engine, Options.Create(transport));
        await using var listener = await factory.BindAsync(new UtpEndPoint(IPAddress.Loopback, 0), cancellationToken);
        announce(((UtpEndPoint)listener.EndPoint).Port);
        var connection = await listener.AcceptAsync(cancellationToken);
        if (connection is not null)
        {
            await ServeAsync(connection);
            await connection.DisposeAsync();
        }
    }

    private static async Task ServeAsync(ConnectionContext connection)
    {
        var input = connection.Transport.Input;
        while (true)
        {
            var announced = await input.ReadAtLeastAsync(sizeof(long));
            if (announced.Buffer.Length < sizeof(long))
            {
                return;
            }

            var header = announced.Buffer.Slice(0, sizeof(long));
            var left = ReadInt64(header);
            input.AdvanceTo(header.End);
            while (left > 0)
            {
                var read = await input.ReadAsync();
                if (read.IsCompleted && read.Buffer.IsEmpty)
                {
                    return;
                }

                left -= read.Buffer.Length;
                input.AdvanceTo(read.Buffer.End);
            }

            var cpu = Environment.CpuUsage.TotalTime.TotalSeconds.ToString("R", CultureInfo.InvariantCulture);
            await connection.Transport.Output.WriteAsync(System.Text.Encoding.ASCII.GetBytes(cpu + "\n"));
        }
    }

    private static long ReadInt64(System.Buffers.ReadOnlySequence<byte> bytes)
    {
        Span<byte> span = stackalloc byte[sizeof(long)];
        System.Buffers.BuffersExtensions.CopyTo(bytes, span);
        return System.Buffers.Binary.BinaryPrimitives.ReadInt64LittleEndian(span);
    }
}
