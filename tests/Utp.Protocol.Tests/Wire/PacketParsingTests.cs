using CsCheck;
using Utp.Protocol.Wire;
using Utp.Simulation.Network;

namespace Utp.Protocol.Tests.Wire;

public sealed class PacketParsingTests
{
    internal static Gen<PacketHeader> Headers { get; } = Gen.Select(
        Gen.Int[0, 4], Gen.Byte, Gen.UShort, Gen.UInt, Gen.UInt, Gen.UInt, Gen.UShort, Gen.UShort).Select(
        (type, extension, id, timestamp, difference, window, sequence, acknowledgement) => new PacketHeader
        {
            Type = (PacketType)type,
            Extension = extension,
            ConnectionId = id,
            Timestamp = timestamp,
            TimestampDifference = difference,
            WindowBytes = window,
            Sequence = new(sequence),
            Acknowledgement = new(acknowledgement),
        });

    [Fact]
    public void Header_WrittenThenRead_IsTheSame() => Headers.Sample(
        header =>
        {
            var bytes = new byte[PacketHeader.Size];
            header.Write(bytes);
            Assert.True(PacketHeader.TryRead(bytes, out var read));
            Assert.Equal(header, read);
        },
        iter: 2_000, threads: 1);

    [Fact]
    public void Parse_ArbitraryBytes_NeverThrowsAndStaysInside() => Gen.Select(Gen.Byte.Array[0, 80], Gen.Bool).Sample(
        (bytes, looksRight) =>
        {
            if (looksRight && bytes.Length > 0)
            {
                bytes[0] = (byte)(((bytes[0] % 5) << 4) | 1);
            }

            var result = PacketView.TryParse(bytes, out var packet);
            if (result == PacketParseResult.Packet)
            {
                Assert.Equal(bytes.Length, packet.PayloadOffset + packet.PayloadLength);
                Assert.True(packet.PayloadOffset >= PacketHeader.Size && packet.PayloadLength >= 0);
            }
            else
            {
                Assert.Equal(result == PacketParseResult.NotUtp, bytes.Length < 20 || (bytes[0] & 15) != 1 || bytes[0] >> 4 > 4);
            }
        },
        iter: 20_000, threads: 1);

    [Fact]
    public void Chain_WrittenThenRead_YieldsEveryExtensionAndThePayload() =>
        Gen.Select(Gen.Select(Gen.Byte[1, 255], Gen.Byte.Array[0, 255]).Array[0, 6], Gen.Byte.Array[0, 40]).Sample(
            (extensions, payload) =>
            {
                List<byte> bytes = [.. new byte[PacketHeader.Size]];
                bytes[0] = 0x01;
                bytes[1] = extensions.Length > 0 ? extensions[0].Item1 : (byte)0;
                for (var i = 0; i < extensions.Length; i++)
                {
                    bytes.AddRange([i + 1 < extensions.Length ? extensions[i + 1].Item1 : (byte)0, (byte)extensions[i].Item2.Length, .. extensions[i].Item2]);
                }

                bytes.AddRange(payload);
                Assert.Equal(PacketParseResult.Packet, PacketView.TryParse(bytes.ToArray(), out var packet));
                Assert.Equal(payload, bytes.Skip(packet.PayloadOffset));
                var expected = extensions.Where(e => e.Item1 == ExtensionReader.SelectiveAckType).Select(e => e.Item2).FirstOrDefault();
                Assert.Equal(expected is not null, packet.HasSelectiveAck);
                Assert.Equal(expected ?? [], packet.SelectiveAck);
            },
            iter: 2_000, threads: 1);

    [Theory]
    [InlineData("01010000 00000000 00000000 00000000 00000000")]
    [InlineData("01010000 00000000 00000000 00000000 00000000 00")]
    [InlineData("01010000 00000000 00000000 00000000 00000000 0004 010203")]
    [InlineData("01010000 00000000 00000000 00000000 00000000 0201 ff 0002 01")]
    public void TruncatedChain_IsMalformed(string hex) =>
        Assert.Equal(PacketParseResult.Malformed, PacketView.TryParse(PacketVectorTests.Hex(hex), out _));

    [Theory]
    [InlineData("")]
    [InlineData("64313a")]
    [InlineData("01000000 00000000 00000000 00000000 000000")]
    [InlineData("02000000 00000000 00000000 00000000 00000000")]
    [InlineData("51000000 00000000 00000000 00000000 00000000")]
    [InlineData("64313a61 64323a69 6432303a 00000000 00000000")]
    [InlineData("00000417 27101980 00000000 00000000 00000000")]
    public void OtherProtocols_AreNotUtp(string hex) =>
        Assert.Equal(PacketParseResult.NotUtp, PacketView.TryParse(PacketVectorTests.Hex(hex), out _));

    /// <summary>libutp would drop an "extension bits" of another length than 8; it is skipped here, as any unknown extension.</summary>
    [Fact]
    public void ExtensionBits_OfAnyLength_AreSkipped()
    {
        Assert.Equal(PacketParseResult.Packet,
            PacketView.TryParse(PacketVectorTests.Hex("01020000 00000000 00000000 00000000 00000000 0003 010203 aa"), out var packet));
        Assert.Equal(1, packet.PayloadLength);
    }
}
