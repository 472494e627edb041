using Utp.Protocol.Wire;
using Utp.Simulation.Randomness;

namespace Utp.Fuzz;

/// <summary>Makes packets that are nearly right: those get further than noise.</summary>
internal sealed class PacketMutator(SeededRandomSource random)
{
    private static readonly int[] Distances = [0, 0, 1, -1, 2, -2, 3, -3, -4, 30, 900, 1_024, -1_024, 16_383, 16_384, 32_767, -32_768];

    /// <summary>One to three changes of a genuine packet.</summary>
    public byte[] Mutate(ReadOnlySpan<byte> packet)
    {
        var bytes = packet.ToArray();
        for (var changes = 1 + Below(3); changes > 0; changes--)
        {
            bytes = Change(bytes);
        }

        return bytes;
    }

    /// <summary>A packet of any type whose id and numbers lie near given ones.</summary>
    public byte[] NearTo(ushort id, SequenceNumber sequence, SequenceNumber acknowledgement)
    {
        var header = new PacketHeader
        {
            Type = (PacketType)Below(5),
            Extension = Below(4) == 0 ? (byte)Below(5) : (byte)0,
            ConnectionId = unchecked((ushort)(id + Below(3) - 1)),
            Timestamp = Below(3) == 0 ? 0 : random.NextUInt32(),
            TimestampDifference = Below(3) switch { 0 => 0, 1 => 0x7FFF_FFFF, _ => random.NextUInt32() },
            WindowBytes = Below(4) switch { 0 => 0, 1 => (uint)Below(3_000), 2 => 1 << 20, _ => random.NextUInt32() },
            Sequence = sequence + Distance(),
            Acknowledgement = acknowledgement + Distance(),
        };
        var bytes = new byte[PacketHeader.Size + Below(60)];
        Fill(bytes);
        header.Write(bytes);
        return bytes;
    }

    public byte[] Noise()
    {
        var bytes = new byte[Below(80)];
        Fill(bytes);
        if (bytes.Length > 0 && Below(2) == 0)
        {
            bytes[0] = (byte)((Below(5) << 4) | 1);
        }

        return bytes;
    }

    /// <summary>A chain of extensions with honest lengths, or one dishonest one, behind a header; then payload.</summary>
    public byte[] Chain()
    {
        List<byte> bytes = [.. new byte[PacketHeader.Size]];
        bytes[0] = (byte)((Below(5) << 4) | 1);
        var typeAt = 1;
        for (var links = Below(6); links > 0; links--)
        {
            bytes[typeAt] = (byte)(Below(3) == 0 ? Below(256) : Below(5));
            typeAt = bytes.Count;
            var length = Below(4) == 0 ? Below(256) : Below(10);
            bytes.AddRange([0, (byte)(Below(12) == 0 ? Below(256) : length)]);
            for (; length > 0; length--)
            {
                bytes.Add((byte)random.NextUInt32());
            }
        }

        for (var payload = Below(30); payload > 0; payload--)
        {
            bytes.Add((byte)random.NextUInt32());
        }

        return bytes.ToArray();
    }

    public int Below(int bound) => (int)(random.NextUInt32() % (uint)bound);

    private byte[] Change(byte[] bytes)
    {
        if (bytes.Length < PacketHeader.Size)
        {
            return Noise();
        }

        switch (Below(9))
        {
            case 0:
                bytes[Below(bytes.Length)] ^= (byte)(1 << Below(8));
                break;
            case 1:
                bytes[0] = (byte)((Below(5) << 4) | 1);
                break;
            case 2:
                bytes[1] = (byte)Below(5);
                break;
            case 3:
                Move(bytes, 2, Below(3) - 1);
                break;
            case 4:
                Move(bytes, 16, Distance());
                break;
            case 5:
                Move(bytes, 18, Distance());
                break;
            case 6:
                Fill(bytes.AsSpan(4 + (4 * Below(3)), 4));
                break;
            case 7:
                return bytes[..Below(bytes.Length)];
            default:
                byte[] longer = [.. bytes, .. new byte[Below(200)]];
                Fill(longer.AsSpan(bytes.Length));
                return longer;
        }

        return bytes;
    }

    private int Distance() => Distances[Below(Distances.Length)];

    private static void Move(byte[] bytes, int offset, int distance)
    {
        var value = unchecked((ushort)((bytes[offset] << 8) + bytes[offset + 1] + distance));
        (bytes[offset], bytes[offset + 1]) = ((byte)(value >> 8), (byte)value);
    }

    private void Fill(Span<byte> bytes)
    {
        foreach (ref var b in bytes)
        {
            b = (byte)random.NextUInt32();
        }
    }
}
