using System.Globalization;

namespace Utp.Lab;

/// <summary>
/// Sender, router with the bottleneck (a kernel token bucket), delay line, receiver: four network namespaces, joined by virtual cables. It touches
/// nothing else, and removes them when it is disposed.
/// </summary>
internal sealed class Topology : IDisposable
{
    public const string SenderAddress = "10.91.1.1";
    public const string ReceiverAddress = "10.91.2.1";
    public const string Sender = "utplab-snd";
    public const string Receiver = "utplab-rcv";

    private const string Router = "utplab-rtr";
    private const string Delayer = "utplab-dly";
    private const int BurstBytes = 5_000;

    private static readonly string[] Namespaces = [Sender, Router, Delayer, Receiver];

    private readonly Commands _commands = new();

    public Topology(Scenario scenario)
    {
        Remove();
        try
        {
            Build(scenario);
            StartDelayLine(scenario);
            Inside(Sender, "ping", "-c", "2", "-i", "0.2", "-q", ReceiverAddress);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _commands.Dispose();
        Remove();
    }

    private static void Build(Scenario scenario)
    {
        foreach (var space in Namespaces)
        {
            Commands.Run("ip", "netns", "add", space);
            Inside(space, "ip", "link", "set", "lo", "up");
            Inside(space, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1");
        }

        Connect(Sender, "s0", Router, "r0");
        Connect(Router, "r1", Delayer, "d0");
        Connect(Delayer, "d1", Receiver, "c0");
        Address(Sender, "s0", SenderAddress, "10.91.1.2");
        Inside(Router, "ip", "addr", "add", "10.91.1.2/24", "dev", "r0");
        Inside(Router, "ip", "addr", "add", "10.91.2.2/24", "dev", "r1");
        Address(Receiver, "c0", ReceiverAddress, "10.91.2.2");
        Inside(Router, "sysctl", "-qw", "net.ipv4.ip_forward=1");
        foreach (var space in new[] { Sender, Receiver })
        {
            Inside(space, "sysctl", "-qw", "net.ipv4.tcp_rmem=4096 131072 33554432", "net.ipv4.tcp_wmem=4096 65536 33554432", "net.ipv4.tcp_no_metrics_save=1");
        }

        var limit = (long)(scenario.RateMbit * 1e6 / 8 * scenario.BufferMs / 1e3);
        Inside(
            Router, "tc", "qdisc", "replace", "dev", "r1", "root", "tbf", "rate", Text(scenario.RateMbit) + "mbit", "burst", Text(BurstBytes), "limit",
                Text(limit));
    }

    private void StartDelayLine(Scenario scenario)
    {
        var impairments = scenario.Impairments;
        _commands.Start(
            Console.Error.WriteLine,
            "ip", "netns", "exec", Delayer, Environment.ProcessPath!, typeof(Topology).Assembly.Location, DelayLine.Verb, "d0", "d1",
            Text(scenario.RoundTripMs / 2), Text(impairments.ReorderProbability), Text(impairments.ReorderExtraNanos),
            Text(impairments.DuplicateProbability), Text(impairments.JitterNanos));
        Thread.Sleep(TimeSpan.FromSeconds(1));
    }

    private static void Connect(string left, string leftInterface, string right, string rightInterface)
    {
        Commands.Run("ip", "link", "add", leftInterface, "netns", left, "type", "veth", "peer", "name", rightInterface, "netns", right);
        foreach (var (space, name) in new[] { (left, leftInterface), (right, rightInterface) })
        {
            // With offloads, 64 KiB aggregates rather than packets would cross the bottleneck.
            Inside(space, "ethtool", "-K", name, "tx", "off", "rx", "off", "tso", "off", "gso", "off", "gro", "off");
            Inside(space, "ip", "link", "set", name, "txqueuelen", "10000", "up");
        }
    }

    private static void Address(string space, string name, string address, string gateway)
    {
        Inside(space, "ip", "addr", "add", address + "/24", "dev", name);
        Inside(space, "ip", "route", "add", "default", "via", gateway);
    }

    private static void Inside(string space, params string[] command) => Commands.Run("ip", ["netns", "exec", space, .. command]);

    private static void Remove()
    {
        foreach (var space in Namespaces.Where(space => File.Exists("/run/netns/" + space)))
        {
            Commands.Run("ip", "netns", "del", space);
        }
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
