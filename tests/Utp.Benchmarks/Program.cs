using Utp.Benchmarks.Ceiling;
using Utp.Benchmarks.Pipes;

const string Usage = """
    Usage: Utp.Benchmarks COMMAND [options]

      ceiling   bare UDP over each datagram channel, between two processes on loopback:
                header written and parsed, payload copied, acknowledgements, a bounded window.
                --channels portable,mmsg,offload   --mib 512   --runs 3   --window 262144
                --datagram 1400   --ack-every 2   --json FILE

      pipes     one uTP connection through its pipes over each datagram channel, bulk, on loopback.
                --channels portable,mmsg,offload   --mib 512   --runs 3   --write 65536   --buffer 1048576
                --kernel-buffer 4194304 (212992: stock Linux)   --processes 2   --json FILE
    """;

try
{
    switch (args.FirstOrDefault())
    {
        case "ceiling":
            return CeilingCommand.Run(CeilingOptions.Parse(args[1..]));
        case CeilingReceiver.Command:
            return CeilingReceiver.Run(CeilingOptions.Parse(args[1..]));
        case "pipes":
            return await PipesCommand.RunAsync(PipesOptions.Parse(args[1..]));
        case PipesReceiver.Command:
            return PipesReceiver.Run(PipesOptions.Parse(args[1..]));
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
