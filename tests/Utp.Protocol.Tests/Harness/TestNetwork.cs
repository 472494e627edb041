using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Protocol.Tracing;
using Utp.Simulation.Randomness;

namespace Utp.Protocol.Tests.Harness;

/// <summary>
/// Virtual time and a wire between hosts: constant delay, and a rule that may drop, delay or duplicate each datagram. Everything sent is
/// recorded. Bottlenecks and statistics are the simulator's business; this is for looking at single packets.
/// </summary>
internal sealed class TestNetwork
{
    private readonly PriorityQueue<TestDatagram, (long At, long Order)> _wire = new();
    private readonly Dictionary<PeerAddress, TestHost> _hosts = [];
    private readonly PriorityQueue<Instant, long> _wakeUps = new();
    private long _order;
    private int _stepsWithoutTime;

    /// <summary>How often the clock may stand still before the endpoints are taken to be in a livelock: a deadline that never passes.</summary>
    private const int MaxStepsWithoutTime = 2_000;

    public Instant Now { get; private set; } = new(1_000_000);

    /// <summary>One-way delay.</summary>
    public long DelayMicros { get; set; } = 10_000;

    /// <summary>Extra delays of the copies to deliver: empty drops the datagram, one zero delivers it as it is.</summary>
    public Func<TestDatagram, long[]> Rule { get; set; } = _ => Deliver;

    public List<TestDatagram> Sent { get; } = [];

    /// <summary>Whether every step re-derives all counters. False only where so many connections make that the whole test.</summary>
    public bool ChecksInvariants { get; init; } = true;

    /// <summary>Whether hosts have IPv6 addresses.</summary>
    public bool IsIPv6 { get; init; }

    public static long[] Deliver { get; } = [0];

    public static long[] Drop { get; } = [];

    public TestHost AddHost(ulong seed = 1, SocketSettings? settings = null, ITraceSink? trace = null) =>
        AddHost(new SeededRandomSource(seed + (ulong)_hosts.Count), settings, trace);

    public TestHost AddHost(IRandomSource random, SocketSettings? settings = null, ITraceSink? trace = null)
    {
        var address = IsIPv6
            ? new PeerAddress(0xFD77_0001_0000_0000, 1 + (ulong)_hosts.Count, 0, 6881)
            : PeerAddress.FromIPv4(0x0A000001 + (uint)_hosts.Count, 6881);
        var core = new SocketCore(settings ?? new SocketSettings(), random) { Trace = trace, Trains = { IsSegmenting = true } };
        var host = new TestHost(this, address, core);
        _hosts.Add(address, host);
        return host;
    }

    /// <summary>The host's process ends without a word, and another one takes its address.</summary>
    public TestHost Restart(TestHost host, IRandomSource random, SocketSettings? settings = null)
    {
        host.IsGone = true;
        var successor = new TestHost(this, host.Address, new SocketCore(settings ?? new SocketSettings(), random) { Trains = { IsSegmenting = true } });
        _hosts[host.Address] = successor;
        return successor;
    }

    /// <summary>A clock at another time of its life, before anything has happened.</summary>
    public void StartAt(Instant start)
    {
        Assert.True(_wire.Count == 0 && Sent.Count == 0, "the clock starts before the first datagram");
        Now = start;
    }

    public void Send(TestDatagram datagram)
    {
        Sent.Add(datagram);
        foreach (var extra in Rule(datagram))
        {
            _wire.Enqueue(datagram, (Now.Micros + DelayMicros + extra, _order++));
        }
    }

    /// <summary>Runs until nothing is due before <paramref name="until"/>, and leaves the clock there.</summary>
    public void RunUntil(Instant until)
    {
        while (TryStep(until))
        {
        }
    }

    public void Run(double seconds) => RunUntil(Now + (long)(seconds * 1e6));

    /// <summary>Runs, one instant at a time, until the condition holds no more; fails the test if it still does at the end.</summary>
    public void RunWhile(Func<bool> condition, double atMostSeconds = 60)
    {
        var end = Now + (long)(atMostSeconds * 1e6);
        while (condition())
        {
            if (!TryStep(end))
            {
                Assert.False(condition(), $"still waiting after {atMostSeconds} s; last packets:\n{LastPackets()}");
                return;
            }
        }
    }

    /// <summary>Stops at this instant even if nothing is due, so that a condition of <see cref="RunWhile"/> is looked at.</summary>
    public void WakeAt(Instant at) => _wakeUps.Enqueue(at, at.Micros);

    /// <summary>Goes to the next instant at which anything is due, and does it; or to the end, if nothing is due before.</summary>
    private bool TryStep(Instant until)
    {
        var next = _wire.TryPeek(out _, out var at) ? new Instant(at.At) : Instant.Never;
        foreach (var host in _hosts.Values)
        {
            next = host.IsGone ? next : Instant.Min(next, host.Core.NextDeadline);
        }

        next = _wakeUps.TryPeek(out var wakeUp, out _) ? Instant.Min(next, wakeUp) : next;
        if (next > until)
        {
            Now = until;
            return false;
        }

        while (_wakeUps.TryPeek(out wakeUp, out _) && wakeUp <= next)
        {
            _wakeUps.Dequeue();
        }

        _stepsWithoutTime = next > Now ? 0 : _stepsWithoutTime + 1;
        Assert.True(_stepsWithoutTime < MaxStepsWithoutTime, $"livelock at {Now}: a deadline of {next} does not pass; last packets:\n{LastPackets()}");
        Now = next > Now ? next : Now;
        while (_wire.TryPeek(out _, out at) && at.At <= Now.Micros)
        {
            var datagram = _wire.Dequeue();
            if (_hosts.TryGetValue(datagram.To, out var host) && !host.IsGone)
            {
                host.Receive(datagram);
            }
        }

        foreach (var host in _hosts.Values)
        {
            host.Drain();
        }

        return true;
    }

    private string LastPackets() => string.Join('\n', Sent.TakeLast(12));
}
