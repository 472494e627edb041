using System.Collections.Concurrent;
using System.Net;
using Utp.Protocol.Addresses;
using Utp.Transport.Engine;

namespace Utp.Transport.Tests.Datagrams;

/// <summary>Impairments of the links between in-process channels. Probabilities are per datagram.</summary>
internal sealed record LinkImpairments(double Loss = 0, double Duplication = 0, double Reordering = 0)
{
    public static readonly LinkImpairments None = new();

    /// <summary>The maximum number of bytes that wait for a receiver; more is dropped, as by a kernel's receive buffer.</summary>
    public int QueueBytes { get; init; } = 4 * 1024 * 1024;
}

/// <summary>
/// Channels that reach each other inside the process, with seeded loss, duplication and reordering. The seed alone determines what happens to the
/// n-th datagram from one channel to another, whatever the threads do; its moment of arrival varies.
/// </summary>
internal sealed class InProcessDatagramNetwork(int seed, LinkImpairments impairments, UtpClock? clock = null)
{
    private const int FirstPort = 10_001;
    private readonly ConcurrentDictionary<PeerAddress, InProcessDatagramChannel> _channels = new();
    private int _lastPort = FirstPort - 1;
    private int _sentCount;
    private int _lostCount;
    private int _duplicatedCount;
    private int _reorderedCount;
    private int _overflowCount;

    public int Seed { get; } = seed;

    public LinkImpairments Impairments { get; } = impairments;

    /// <summary>Whether channels claim that the system cuts their trains, and lose them, as broken segmentation offload does.</summary>
    public bool LosesTrains { get; init; }

    /// <summary>Whether channels claim that the system cuts their trains, and refuse them while they accept single datagrams.</summary>
    public bool RefusesTrains { get; init; }

    /// <summary>The NATs between the channels; null for none.</summary>
    public PortRestrictedNats? Nats { get; init; }

    public UtpClock Clock { get; } = clock ?? new UtpClock(TimeProvider.System);

    public int SentCount => Volatile.Read(ref _sentCount);

    public int LostCount => Volatile.Read(ref _lostCount);

    public int DuplicatedCount => Volatile.Read(ref _duplicatedCount);

    public int ReorderedCount => Volatile.Read(ref _reorderedCount);

    /// <summary>Number of datagrams that found the receiver's queue full.</summary>
    public int OverflowCount => Volatile.Read(ref _overflowCount);

    /// <summary>
    /// Opens a channel at 127.0.0.1; port 0 takes the next free port. Its deadlines and arrivals are on <paramref name="clock"/>.
    /// </summary>
    public InProcessDatagramChannel Open(int port = 0, UtpClock? clock = null)
    {
        port = port == 0 ? Interlocked.Increment(ref _lastPort) : port;
        var channel = new InProcessDatagramChannel(this, new IPEndPoint(IPAddress.Loopback, port), clock ?? Clock);
        return _channels.TryAdd(channel.Address, channel)
            ? channel
            : throw new InvalidOperationException($"Port {port} of the in-process network is taken.");
    }

    public override string ToString() =>
        $"seed {Seed}: sent {SentCount}, lost {LostCount}, duplicated {DuplicatedCount}, reordered {ReorderedCount}, overflowed {OverflowCount}";

    internal void Close(InProcessDatagramChannel channel) => _channels.TryRemove(channel.Address, out _);

    /// <summary>Carries one datagram over the link with the random stream <paramref name="fate"/>.</summary>
    internal void Carry(PeerAddress from, PeerAddress to, ReadOnlySpan<byte> datagram, Random fate)
    {
        // Always draw three times, so that one datagram never changes the draws of later ones.
        var lost = fate.NextDouble() < Impairments.Loss;
        var duplicated = fate.NextDouble() < Impairments.Duplication;
        var overtakenBy = fate.NextDouble() is var draw && draw < Impairments.Reordering ? 1 + (int)(draw / Impairments.Reordering * 4) : 0;
        Interlocked.Increment(ref _sentCount);
        if (lost)
        {
            Interlocked.Increment(ref _lostCount);
            return;
        }

        if (Nats?.TryTranslate(ref from, ref to) == false)
        {
            return;
        }

        if (!_channels.TryGetValue(to, out var receiver))
        {
            return;
        }

        var bytes = datagram.ToArray();
        Deliver(receiver, from, bytes, overtakenBy);
        if (overtakenBy > 0)
        {
            Interlocked.Increment(ref _reorderedCount);
        }

        if (duplicated)
        {
            Interlocked.Increment(ref _duplicatedCount);
            Deliver(receiver, from, bytes, overtakenBy: 0);
        }
    }

    /// <summary>Creates the random stream of a link, which is the same for the same seed and pair of ports.</summary>
    internal Random CreateFate(PeerAddress from, PeerAddress to) => new(HashOf(HashOf(Seed, from.Port), to.Port));

    private static int HashOf(int left, int right) => unchecked((int)(((uint)left * 0x9E3779B1) ^ (((uint)right + 0x7F4A7C15) * 0x85EBCA6B)));

    private void Deliver(InProcessDatagramChannel receiver, PeerAddress from, byte[] bytes, int overtakenBy)
    {
        if (!receiver.TryEnqueue(from, bytes, overtakenBy))
        {
            Interlocked.Increment(ref _overflowCount);
        }
    }
}
