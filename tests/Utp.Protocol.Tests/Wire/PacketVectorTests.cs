using Utp.Protocol.Wire;
using Utp.Simulation.Network;

namespace Utp.Protocol.Tests.Wire;

/// <summary>Packets captured from running libutp and libtorrent, byte for byte.</summary>
public sealed class PacketVectorTests
{
    [Theory]
    [InlineData("41004567 7e509d6e 00000000 00100000 23c60000", 4, 0, 0x4567, 0x7e509d6eu, 0u, 0x100000u, 0x23c6, 0)]
    [InlineData("21001234 7e56b970 00000000 00100000 45670064", 2, 0, 0x1234, 0x7e56b970u, 0u, 0x100000u, 0x4567, 100)]
    [InlineData("21011234 7e56ba45 cf5d1a78 00100000 45670065 0004 0b000000", 2, 1, 0x1234, 0x7e56ba45u, 0xcf5d1a78u, 0x100000u, 0x4567, 101)]
    [InlineData("31009999 00000000 00000000 00000000 23c60005", 3, 0, 0x9999, 0u, 0u, 0u, 0x23c6, 5)]
    [InlineData("1103784c 88b0964c 75449a81 00100000 d585d47d 0004 0000000f", 1, 3, 0x784c, 0x88b0964cu, 0x75449a81u, 0x100000u, 0xd585, 0xd47d)]
    public void Header_OfARunningPeer_ReadsAndWritesByteForByte(
        string hex, int type, byte extension, int id, uint timestamp, uint difference, uint window, int sequence, int acknowledgement)
    {
        var bytes = Hex(hex);

        Assert.True(PacketHeader.TryRead(bytes, out var header));

        Assert.Equal(
            new PacketHeader
            {
                Type = (PacketType)type,
                Extension = extension,
                ConnectionId = (ushort)id,
                Timestamp = timestamp,
                TimestampDifference = difference,
                WindowBytes = window,
                Sequence = new((ushort)sequence),
                Acknowledgement = new((ushort)acknowledgement),
            },
            header);
        var written = new byte[PacketHeader.Size];
        header.Write(written);
        Assert.Equal(bytes[..PacketHeader.Size], written);
    }

    [Fact]
    public void LibutpSelectiveAck_HoldingThreeFourAndSix_HasThoseBits()
    {
        Assert.Equal(PacketParseResult.Packet, PacketView.TryParse(Hex("21011234 7e56ba45 cf5d1a78 00100000 45670065 0004 0b000000"), out var packet));

        Assert.True(packet.HasSelectiveAck);
        Assert.Equal([0, 1, 3], Enumerable.Range(0, 32).Where(bit => SelectiveAck.IsSet(Hex("0b000000"), bit)));
        Assert.Equal(Hex("0b000000"), packet.SelectiveAck);
        Assert.Equal((26, 0), (packet.PayloadOffset, packet.PayloadLength));
    }

    [Fact]
    public void LibtorrentFin_WithCloseReason_IsAFinWithoutPayloadOrMask()
    {
        Assert.Equal(PacketParseResult.Packet, PacketView.TryParse(Hex("1103784c 88b0964c 75449a81 00100000 d585d47d 0004 0000000f"), out var packet));

        Assert.Equal((PacketType.Fin, false, 26, 0), (packet.Header.Type, packet.HasSelectiveAck, packet.PayloadOffset, packet.PayloadLength));
    }

    internal static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
