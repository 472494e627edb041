using System.Buffers.Binary;
using System.Net;
using Utp.Protocol.Addresses;
using Utp.Transport.Datagrams.Sharding;

namespace Utp.Transport.Tests.Datagrams;

/// <summary>The function that distributes peers among shards, and its equivalent for the kernel, which an interpreter runs here.</summary>
public sealed class ShardSelectorTests
{
    private const int Peers = 24_000;

    /// <summary>
    /// Tolerance as a fraction of an even share. Random numbers alone deviate by 4.9 standard deviations, 1.7 to 8 % of it, once in a million times.
    /// </summary>
    private const double Tolerance = 0.1;

    public static TheoryData<int> Counts => [2, 3, 8];

    [Theory]
    [MemberData(nameof(Counts))]
    public void Select_ConsecutivePorts_AreSharedOutEvenly(int count) =>
        AssertEven(count, Enumerable.Range(20_000, Peers).Select(port => Peer(IPAddress.Loopback, port)));

    [Theory]
    [MemberData(nameof(Counts))]
    public void Select_ConsecutivePortsOverIPv6_AreSharedOutEvenly(int count) =>
        AssertEven(count, Enumerable.Range(20_000, Peers).Select(port => Peer(IPAddress.IPv6Loopback, port)));

    [Theory]
    [MemberData(nameof(Counts))]
    public void Select_ConsecutiveAddressesWithOnePort_AreSharedOutEvenly(int count) =>
        AssertEven(count, Enumerable.Range(0, Peers).Select(host => PeerAddress.FromIPv4(0x0A00_0000u + (uint)host, 6_881)));

    [Theory]
    [MemberData(nameof(Counts))]
    public void Select_NeighboursWithNeighbouringPorts_AreSharedOutEvenly(int count) =>
        AssertEven(count, Enumerable.Range(0, Peers).Select(host => PeerAddress.FromIPv4(0x0A00_0000u + (uint)host, (ushort)(30_000 + host))));

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Select_RandomAddresses_AreSharedOutEvenly(int count)
    {
        var random = new Random(1);
        AssertEven(count, Enumerable.Range(0, Peers).Select(_ => PeerAddress.FromIPv4((uint)random.NextInt64(), (ushort)random.Next(1_024, 65_536))));
        AssertEven(count, Enumerable.Range(0, Peers).Select(_ => new PeerAddress((ulong)random.NextInt64(), (ulong)random.NextInt64(), 0, 6_881)));
    }

    [Fact]
    public void Select_IPv4_IsTheSameMappedOrNot()
    {
        var random = new Random(2);
        for (var i = 0; i < 1_000; i++)
        {
            var address = new IPAddress(random.NextInt64(1L << 32));
            var port = random.Next(65_536);
            Assert.Equal(ShardSelector.Select(Peer(address, port), 64), ShardSelector.Select(Peer(address.MapToIPv6(), port), 64));
        }
    }

    [Fact]
    public void Select_LinkLocal_DoesNotDependOnTheScope()
    {
        var address = IPAddress.Parse("fe80::1234");
        Assert.Equal(
            ShardSelector.Select(Peer(address, 7), 64),
            ShardSelector.Select(Peer(new IPAddress(address.GetAddressBytes(), 3), 7), 64));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(64)]
    public void Program_PacketsOfBothFamilies_ChoosesWhatTheFunctionDoes(int count)
    {
        var program = ShardProgram.Create(count);
        var random = new Random(3);
        for (var i = 0; i < 2_000; i++)
        {
            var ipv4 = PeerAddress.FromIPv4((uint)random.NextInt64(), (ushort)random.Next(65_536));
            Assert.Equal((uint)ShardSelector.Select(ipv4, count), Run(program, PacketFrom(ipv4)));
            var ipv6 = new PeerAddress((ulong)random.NextInt64() << 1, (ulong)random.NextInt64() << 1, 0, (ushort)random.Next(65_536));
            Assert.Equal((uint)ShardSelector.Select(ipv6, count), Run(program, PacketFrom(ipv6)));
        }
    }

    [Theory]
    [InlineData(0, 0x46)]
    [InlineData(0, 0x55)]
    [InlineData(6, 0)]
    public void Program_PacketsWhosePortIsElsewhere_LeavesTheChoiceToTheKernel(int offset, byte value)
    {
        // These are IPv4 with options, an unknown IP version, and IPv6 with an extension header.
        var packet = PacketFrom(new PeerAddress(1, 2, 0, 3));
        packet[offset] = value;

        Assert.Equal(uint.MaxValue, Run(ShardProgram.Create(4), packet));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(4, 2)]
    [InlineData(15, 7)]
    [InlineData(128, 8)]
    public void Automatic_Processors_GivesOneForTwo(int processors, int expected) => Assert.Equal(expected, ShardCount.Automatic(processors));

    [Fact]
    public void Of_PortableChannel_IsOneAndSaysWhy()
    {
        Assert.Equal(1, ShardCount.Of(new UtpTransportOptions { Shards = 4, DatagramOffload = UtpDatagramOffload.Portable }, out var whyOne));
        Assert.NotNull(whyOne);
        Assert.Equal(1, ShardCount.Of(new UtpTransportOptions { Shards = 1 }, out whyOne));
        Assert.Null(whyOne);
    }

    private static PeerAddress Peer(IPAddress address, int port) => PeerAddress.FromEndPoint(new IPEndPoint(address, port));

    private static void AssertEven(int count, IEnumerable<PeerAddress> peers)
    {
        var shares = new int[count];
        foreach (var peer in peers)
        {
            shares[ShardSelector.Select(peer, count)]++;
        }

        var even = (double)shares.Sum() / count;
        Assert.All(shares, share => Assert.InRange(share, even * (1 - Tolerance), even * (1 + Tolerance)));
    }

    /// <summary>Builds the part of the headers that the program reads.</summary>
    private static byte[] PacketFrom(in PeerAddress remote)
    {
        var packet = new byte[48];
        if (remote.IsIPv4)
        {
            packet[0] = 0x45;
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(12), remote.IPv4);
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(20), remote.Port);
        }
        else
        {
            packet[0] = 0x6F;
            packet[6] = 17;
            remote.WriteIPv6(packet.AsSpan(8));
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(40), remote.Port);
        }

        return packet;
    }

    private static uint Run(ShardProgram.Instruction[] program, ReadOnlySpan<byte> packet)
    {
        var (accumulator, index) = (0u, 0u);
        for (var i = 0; ; i++)
        {
            var (code, operand) = (program[i].Code, program[i].Operand);
            var offset = (int)(operand - 0xFFF0_0000);
            switch (code)
            {
                case ShardProgram.Code.LoadByte: accumulator = packet[offset]; break;
                case ShardProgram.Code.LoadHalf: accumulator = BinaryPrimitives.ReadUInt16BigEndian(packet[offset..]); break;
                case ShardProgram.Code.LoadWord: accumulator = BinaryPrimitives.ReadUInt32BigEndian(packet[offset..]); break;
                case ShardProgram.Code.Multiply: accumulator *= operand; break;
                case ShardProgram.Code.ShiftRight: accumulator >>= (int)operand; break;
                case ShardProgram.Code.Modulo: accumulator %= operand; break;
                case ShardProgram.Code.XorIndex: accumulator ^= index; break;
                case ShardProgram.Code.CopyToIndex: index = accumulator; break;
                case ShardProgram.Code.Jump: i += (int)operand; break;
                case ShardProgram.Code.JumpIfEqual: i += accumulator == operand ? program[i].IfTrue : program[i].IfFalse; break;
                case ShardProgram.Code.Return: return operand;
                case ShardProgram.Code.ReturnResult: return accumulator;
                default: throw new InvalidOperationException($"There is no instruction {code}.");
            }
        }
    }
}
