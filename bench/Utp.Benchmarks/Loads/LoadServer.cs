using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Connections;

namespace Utp.Benchmarks.Loads;

/// <summary>The server of a run: a sink that counts, or an echo. Prints its port; "count" prints the bytes consumed so far.</summary>
internal static class LoadServer
{
    public const string Command = "load-server";

    private static long _consumedBytes;

    public static async Task<int> RunAsync(LoadOptions options)
    {
        if (options.Kind == LoadKind.Http)
        {
            await HttpServer.RunAsync(options);
            return 0;
        }

        await using var transport = new LoadTransport(options);
        await using var listener = await transport.ListenAsync();
        var accepting = AcceptAsync(listener, options.Kind);
        LoadConsole.Say((listener.EndPoint is UtpEndPoint utp ? utp.Port : ((System.Net.IPEndPoint)listener.EndPoint).Port)
            .ToString(CultureInfo.InvariantCulture));
        LoadConsole.Serve(_ => Interlocked.Read(ref _consumedBytes).ToString(CultureInfo.InvariantCulture));

        // The run has ended; further data from peers does not matter.
        Environment.Exit(0);
        await accepting;
        return 0;
    }

    private static async Task AcceptAsync(IConnectionListener listener, LoadKind kind)
    {
        while (await listener.AcceptAsync() is { } connection)
        {
            _ = ServeAsync(connection, kind);
        }
    }

    private static async Task ServeAsync(ConnectionContext connection, LoadKind kind)
    {
        try
        {
            await (kind == LoadKind.Bulk ? SinkAsync(connection) : EchoAsync(connection));
        }
        catch (ConnectionResetException)
        {
            // Clients of the connect load may end without closing.
        }

        await connection.DisposeAsync();
    }

    private static async Task SinkAsync(ConnectionContext connection)
    {
        var input = connection.Transport.Input;
        while (true)
        {
            var read = await input.ReadAsync();
            Interlocked.Add(ref _consumedBytes, read.Buffer.Length);
            input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private static async Task EchoAsync(ConnectionContext connection)
    {
        var (input, output) = (connection.Transport.Input, connection.Transport.Output);
        while (true)
        {
            var read = await input.ReadAsync();
            foreach (var memory in read.Buffer)
            {
                output.Write(memory.Span);
            }

            input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted && read.Buffer.IsEmpty)
            {
                return;
            }

            if ((await output.FlushAsync()).IsCompleted)
            {
                return;
            }
        }
    }
}
