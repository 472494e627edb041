using BenchmarkDotNet.Attributes;
using Utp.Protocol.Wire;

namespace Utp.Benchmarks.Micro;

/// <summary>Reads and writes the first 20 bytes of every packet.</summary>
[MemoryDiagnoser]
public class HeaderBenchmarks
{
    private readonly byte[] _packet = new byte[1_472];
    private readonly byte[] _packetWithMask = new byte[PacketHeader.Size + 2 + 32];

    [GlobalSetup]
    public void Setup()
    {
        NewHeader(0).Write(_packet);
        NewHeader(ExtensionReader.SelectiveAckType).Write(_packetWithMask);
        _packetWithMask[PacketHeader.Size + 1] = 32;
    }

    [Benchmark]
    public void Write() => NewHeader(0).Write(_packet);

    [Benchmark]
    public int Parse()
    {
        PacketView.TryParse(_packet, out var packet);
        return packet.PayloadOffset;
    }

    [Benchmark]
    public int ParseWithSelectiveAck()
    {
        PacketView.TryParse(_packetWithMask, out var packet);
        return packet.SelectiveAck.Length;
    }

    private static PacketHeader NewHeader(byte extension) => new()
    {
        Type = extension == 0 ? PacketType.Data : PacketType.State,
        Extension = extension,
        ConnectionId = 4_242,
        Timestamp = 1,
        TimestampDifference = 2,
        WindowBytes = 1 << 20,
        Sequence = new SequenceNumber(7),
        Acknowledgement = new SequenceNumber(6),
    };
}
