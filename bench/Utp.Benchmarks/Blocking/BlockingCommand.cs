using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Utp.Benchmarks.Blocking;

/// <summary>
/// Blocking reads and writes from tasks of the thread pool: the same code over <see cref="NetworkStream"/> and <see cref="UtpStream"/>, in turn in
/// one process. A stream that needs the pool to wake its waiting threads is slower by orders of magnitude.
/// </summary>
internal static class BlockingCommand
{
    public static async Task<int> RunAsync(BlockingOptions options)
    {
        if (options.ServerBlocks)
        {
            // Without this, the runs would measure how fast the pool grows.
            ThreadPool.GetMinThreads(out _, out var ports);
            ThreadPool.SetMinThreads((2 * options.TaskCount) + Environment.ProcessorCount, ports);
        }

        var (network, utp) = (new List<double>(), new List<double>());
        for (var run = 0; run <= options.RunCount; run++)
        {
            // The order alternates; the first run warms up.
            var utpFirst = run % 2 == 1;
            var first = utpFirst ? await RunUtpAsync(options) : await RunNetworkAsync(options);
            var second = utpFirst ? await RunNetworkAsync(options) : await RunUtpAsync(options);
            if (run > 0)
            {
                network.Add(utpFirst ? second : first);
                utp.Add(utpFirst ? first : second);
            }
        }

        Console.WriteLine(
            $"{options.TaskCount} tasks x {options.EchoCount} blocking echoes of {options.MessageBytes} bytes, "
                + $"{(options.ServerBlocks ? "blocking" : "asynchronous")} server, {options.RunCount} runs");
        Print("NetworkStream", network);
        Print("UtpStream", utp);
        Console.WriteLine($"{"ratio of medians",-16} {Median(utp) / Median(network),8:0.00}");
        return 0;
    }

    private static void Print(string name, List<double> seconds) =>
        Console.WriteLine($"{name,-16} {Median(seconds),8:0.000} s   ({seconds.Min():0.000} to {seconds.Max():0.000})");

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static async Task<double> RunNetworkAsync(BlockingOptions options)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(options.TaskCount);
        return await RunAsync(options, async () =>
        {
            var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            var accept = listener.AcceptAsync();
            await client.ConnectAsync(listener.LocalEndPoint!);
            var server = await accept;
            server.NoDelay = true;
            return (new NetworkStream(client, ownsSocket: true), new NetworkStream(server, ownsSocket: true));
        });
    }

    private static async Task<double> RunUtpAsync(BlockingOptions options)
    {
        await using var listener = await UtpListener.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        await using var client = new UtpClient(new UtpClientOptions { MaxConnections = options.TaskCount });
        return await RunAsync(options, async () =>
        {
            var accept = listener.AcceptAsync();
            var stream = await client.ConnectAsync(listener.LocalEndPoint);
            return (stream, await accept);
        });
    }

    /// <summary>Measures the seconds from the start of the client's tasks to the end of the last.</summary>
    private static async Task<double> RunAsync(BlockingOptions options, Func<Task<(Stream Client, Stream Server)>> connect)
    {
        var pairs = new List<(Stream Client, Stream Server)>();
        for (var i = 0; i < options.TaskCount; i++)
        {
            pairs.Add(await connect());
        }

        var servers = pairs.ConvertAll(pair => options.ServerBlocks ? Task.Run(() => Echo(pair.Server)) : EchoAsync(pair.Server));
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(pairs.ConvertAll(pair => Task.Run(() => Ping(pair.Client, options))));
        var seconds = watch.Elapsed.TotalSeconds;
        foreach (var pair in pairs)
        {
            await pair.Client.DisposeAsync();
        }

        await Task.WhenAll(servers);
        return seconds;
    }

    private static void Ping(Stream stream, BlockingOptions options)
    {
        var (message, answer) = (new byte[options.MessageBytes], new byte[options.MessageBytes]);
        for (var i = 0; i < options.EchoCount; i++)
        {
            Array.Fill(message, (byte)i);
            stream.Write(message);
            stream.ReadExactly(answer);
            if (!answer.AsSpan().SequenceEqual(message))
            {
                throw new InvalidOperationException($"Echo {i} is not what was sent.");
            }
        }
    }

    private static void Echo(Stream stream)
    {
        using (stream)
        {
            var buffer = new byte[16 * 1024];
            while (stream.Read(buffer) is > 0 and var length)
            {
                stream.Write(buffer.AsSpan(0, length));
            }
        }
    }

    private static async Task EchoAsync(Stream stream)
    {
        await using (stream)
        {
            var buffer = new byte[16 * 1024];
            while (await stream.ReadAsync(buffer) is > 0 and var length)
            {
                await stream.WriteAsync(buffer.AsMemory(0, length));
            }
        }
    }
}
