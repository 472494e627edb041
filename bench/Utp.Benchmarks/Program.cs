using Utp.Benchmarks.Blocking;
using Utp.Benchmarks.Ceiling;
using Utp.Benchmarks.Compare;
using Utp.Benchmarks.Loads;
using Utp.Benchmarks.Micro;
using Utp.Benchmarks.Pipes;
using Utp.Benchmarks.Report;

const string Usage = """
    Usage: Utp.Benchmarks COMMAND [options]

      compare   uTP over each datagram channel, Kestrel's TCP transport, libutp (when Node.js and utp-native are there) and bare UDP,
                side by side between two processes on loopback: bulk, echo, ping-pong, connects, HTTP, idle connections.
                --json FILE   --quick   --runs 5   --seconds 1   --warmup 2   --measures bulk-1,echo*   --subjects utp-offload,tcp
                --libutp FOLDER (with node_modules/utp-native)   --server-gc

      report    RESULTS.json FILE.md...: puts tables made from the results between the markers of Markdown files.

      micro     the parts of the hot path one by one, with allocations; options are BenchmarkDotNet's, for example --filter *Header*

      ceiling   bare UDP over each datagram channel, between two processes on loopback:
                header written and parsed, payload copied, acknowledgements, a bounded window.
                --channels portable,mmsg,offload   --mib 512   --runs 3   --window 262144
                --datagram 1400   --ack-every 2   --json FILE

      pipes     one uTP connection through its pipes over each datagram channel, bulk, on loopback.
                --channels portable,mmsg,offload   --mib 512   --runs 3   --write 65536   --buffer 1048576
                --kernel-buffer 4194304 (212992: stock Linux)   --processes 2   --json FILE

      blocking  blocking echoes from tasks of the thread pool over NetworkStream and UtpStream in turn, in one process, and their ratio.
                --tasks 50   --echoes 100   --bytes 1000   --runs 5   --server async (or blocking)
    """;

try
{
    switch (args.FirstOrDefault())
    {
        case "compare":
            return CompareCommand.Run(CompareOptions.Parse(args[1..]));
        case LoadServer.Command:
            return await LoadServer.RunAsync(LoadOptions.Parse(args[1..]));
        case LoadClient.Command:
            return await LoadClient.RunAsync(LoadOptions.Parse(args[1..]));
        case "report":
            return ReportCommand.Run(args[1..]);
        case "micro":
            return MicroCommand.Run(args[1..]);
        case "ceiling":
            return CeilingCommand.Run(CeilingOptions.Parse(args[1..]));
        case CeilingReceiver.Command:
            return CeilingReceiver.Run(CeilingOptions.Parse(args[1..]));
        case "pipes":
            return await PipesCommand.RunAsync(PipesOptions.Parse(args[1..]));
        case PipesReceiver.Command:
            return PipesReceiver.Run(PipesOptions.Parse(args[1..]));
        case "blocking":
            return await BlockingCommand.RunAsync(BlockingOptions.Parse(args[1..]));
        default:
            Console.Error.WriteLine(Usage);
            return 2;
    }
}
catch (ArgumentException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
catch (InvalidOperationException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
