using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Simulation.Randomness;

namespace Utp.Fuzz;

/// <summary>Floods with forged source addresses: memory stays flat, tables stay bounded, and those who are real are still served.</summary>
[Collection(Alone.Name)]
public sealed class FloodTests
{
    private const int FlatBytes = 1 << 20;

    private readonly byte[] _buffer = new byte[2_048];

    private static int Packets => Environment.GetEnvironmentVariable("UTP_LONG_TESTS") == "1" ? 5_000_000 : 200_000;

    [Fact]
    public void SpoofedSyns_AtAHundredThousandPerSecond_MemoryIsFlat()
    {
        var core = new SocketCore(new SocketSettings(), new SeededRandomSource(1)) { IsListening = true };
        var random = new SeededRandomSource(2);
        var now = Instant.FromSeconds(10);
        var flood = Flood(core, ref now, 50_000, Syn);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        flood += Flood(core, ref now, Packets, Syn);

        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(grown < FlatBytes, $"{grown} bytes more after {Packets} more SYNs");
        Assert.InRange(core.HalfOpenCount, 1, 4_096);
        Assert.Equal(core.HalfOpenCount, core.ConnectionCount);
        Assert.InRange(flood, 1, 20L * (50_000 + Packets));

        now += 61_000_000;
        core.HandleDeadlines(now);
        Assert.Equal((0, 0, Instant.Never), (core.ConnectionCount, core.HalfOpenCount, core.NextDeadline));
        core.CheckInvariants();

        PacketHeader Syn() => new()
        {
            Type = PacketType.Syn,
            ConnectionId = (ushort)random.NextUInt32(),
            Timestamp = random.NextUInt32(),
            Sequence = new((ushort)random.NextUInt32()),
        };
    }

    /// <summary>One address may take its share of the half-open table and no more: others still come in at once.</summary>
    [Fact]
    public void SynFloodFromOneAddress_OthersStillConnect()
    {
        var pair = new TestPair(connect: false);
        var attacker = PeerAddress.FromIPv4(0x0D000001, 0);
        for (var i = 0; i < 5_000; i++)
        {
            pair.B.Core.HandleDatagram(pair.Network.Now, attacker with { Port = (ushort)i },
                Bytes(new PacketHeader { Type = PacketType.Syn, ConnectionId = 5, Timestamp = 1, Sequence = new(1) }));
        }

        Assert.Equal(1_024, pair.B.Core.HalfOpenCount);
        var connection = pair.A.Connect(pair.B);

        pair.Network.RunWhile(() => !connection.IsConnected || pair.B.Accepted.Count == 0, 1);
    }

    /// <summary>Forged addresses by the thousand, none twice: a real peer gets in by trying again.</summary>
    [Fact]
    public void SpoofedSynFlood_ARealPeerGetsInWithinItsConnectTimeout()
    {
        var pair = new TestPair(connect: false, checksInvariants: false);
        var random = new SeededRandomSource(8);
        Flood(400);
        Assert.InRange(pair.B.Core.HalfOpenCount, 4_000, 4_096);

        var connection = pair.A.Connect(pair.B);
        Flood(1_900);

        Assert.True(connection.IsConnected);
        Assert.Single(pair.B.Accepted);
        Assert.True(pair.B.Core.Statistics.SynsDroppedHalfOpen > 10_000);

        // 3,000 SYNs per second: more than the table lets go of in the three seconds for which it keeps each.
        void Flood(int ticks)
        {
            for (var i = 0; i < ticks * 30; i++)
            {
                pair.B.Core.HandleDatagram(
                    pair.Network.Now,
                    PeerAddress.FromIPv4(random.NextUInt32(), (ushort)random.NextUInt32()),
                    Bytes(new PacketHeader
                    {
                        Type = PacketType.Syn,
                        ConnectionId = (ushort)random.NextUInt32(),
                        Timestamp = 1,
                        Sequence = new((ushort)random.NextUInt32())
                    }));
                if (i % 30 == 29)
                {
                    pair.Network.Run(0.01);
                }
            }
        }
    }

    [Fact]
    public void SpoofedResets_FromThePeersAddress_CloseNothingAndMemoryIsFlat()
    {
        var pair = new TestPair();
        pair.Initiator.Write(TestPair.Pattern(50_000));
        pair.Network.Run(0.045);
        var random = new SeededRandomSource(3);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var sent = pair.Network.Sent.Count;
        for (var i = 0; i < Packets; i++)
        {
            pair.B.Core.HandleDatagram(pair.Network.Now, pair.A.Address, Bytes(new PacketHeader
            {
                Type = PacketType.Reset,
                ConnectionId = (ushort)random.NextUInt32(),
                Timestamp = random.NextUInt32(),
                Sequence = new((ushort)random.NextUInt32()),
                Acknowledgement = new((ushort)random.NextUInt32()),
            }));
        }

        pair.B.Drain();
        Assert.Equal(sent, pair.Network.Sent.Count);
        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < FlatBytes);
        Assert.Equal(Packets, pair.B.Core.Statistics.ResetsIgnored);
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < 50_000);
        Assert.Equal(TestPair.Pattern(50_000), pair.Acceptor.Received);
    }

    /// <summary>Strays for nobody: the answers are limited, and nothing is remembered of them.</summary>
    [Fact]
    public void StrayFlood_FromForgedAddresses_IsAnsweredAtTheLimit_AndMemoryIsFlat()
    {
        var core = new SocketCore(new SocketSettings(), new SeededRandomSource(1)) { IsListening = true };
        var random = new SeededRandomSource(2);
        var now = Instant.FromSeconds(10);
        var start = now;
        Flood(core, ref now, 10_000, Stray);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        Flood(core, ref now, Packets, Stray);

        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < FlatBytes);
        Assert.InRange(core.Statistics.ResetsSent, 1, 100 + ((now - start) / 10_000) + 1);
        Assert.Equal(0, core.ConnectionCount);

        PacketHeader Stray() => new()
        {
            Type = (PacketType)(random.NextUInt32() % 3),
            ConnectionId = (ushort)random.NextUInt32(),
            Timestamp = 1,
            Sequence = new((ushort)random.NextUInt32()),
        };
    }

    /// <summary>One packet every 10 µs from an address of its own; returns the bytes that were sent in answer.</summary>
    private long Flood(SocketCore core, ref Instant now, int count, Func<PacketHeader> packet)
    {
        var addresses = new SeededRandomSource((ulong)now.Micros);
        var bytesOut = 0L;
        for (var i = 0; i < count; i++)
        {
            now += 10;
            core.HandleDatagram(now, PeerAddress.FromIPv4(addresses.NextUInt32(), (ushort)addresses.NextUInt32()), Bytes(packet()));
            if (i % 64 == 63)
            {
                core.HandleDeadlines(now);
                while (core.PollEvent(out _, out _))
                {
                    Assert.Fail("a forged SYN reached the application");
                }

                while (core.PollTransmit(now, _buffer, 1, out var transmit))
                {
                    bytesOut += transmit.Length;
                }
            }
        }

        return bytesOut;
    }

    private ReadOnlySpan<byte> Bytes(PacketHeader header)
    {
        header.Write(_buffer);
        return _buffer.AsSpan(0, PacketHeader.Size);
    }
}
