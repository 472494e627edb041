using System.Globalization;
using OrleansOverUtp;

const string Usage = """
    Usage: OrleansOverUtp --once [--tcp]                     two silos and a client on this machine, each a process
           OrleansOverUtp silo PORT GATEWAY PRIMARY [--tcp]  one silo, until standard input ends; PRIMARY is the PORT of the first silo
           OrleansOverUtp client GATEWAY... [--tcp]          a client of silos that run
    """;

var overTcp = args.Contains("--tcp");
var rest = args.Where(argument => argument != "--tcp").ToArray();
int[] ports = [.. rest.Skip(1).Select(port => int.TryParse(port, CultureInfo.InvariantCulture, out var number) ? number : 0)];
switch (rest)
{
    case ["--once"]:
        return await Cluster.RunAsync(overTcp);
    case ["silo", _, _, _] when !ports.Contains(0):
        await SiloProcess.RunAsync(ports[0], ports[1], ports[2], overTcp);
        return 0;
    case ["client", _, ..] when !ports.Contains(0):
        return await ClientProcess.RunAsync(ports, overTcp) ? 0 : 1;
    default:
        await Console.Error.WriteLineAsync(Usage);
        return 2;
}
