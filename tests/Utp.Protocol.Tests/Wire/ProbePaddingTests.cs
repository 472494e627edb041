using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Wire;

public sealed class ProbePaddingTests
{
    /// <summary>
    /// Interop: libutp drops a packet whose first extension is 3 or more, and one whose extension 2 has not eight bytes; what follows in the
    /// chain may be anything.
    /// </summary>
    [Fact]
    public void Write_EveryLength_IsAChainThatBeginsWithEightZeroBytesAndEndsWhereThePayloadStarts()
    {
        for (var length = ProbePadding.MinBytes; length < 2_000; length++)
        {
            var datagram = new byte[PacketHeader.Size + length + 3];
            datagram.AsSpan().Fill(0xFF);
            ProbePadding.Write(datagram.AsSpan(PacketHeader.Size, length));

            var reader = new ExtensionReader(datagram, ProbePadding.FirstType);
            Assert.True(reader.TryRead(out var first, out var bits));
            Assert.Equal((2, 8), (first, bits.Length));
            Assert.Equal(-1, bits.IndexOfAnyExcept((byte)0));
            while (reader.TryRead(out var type, out _))
            {
                Assert.InRange(type, 4, 255);
            }

            Assert.Equal((PacketHeader.Size + length, false), (reader.Offset, reader.IsTruncated));
        }
    }

    [Fact]
    public void Probe_IsDataOfSafeSizeBehindPadding_AndIsDelivered()
    {
        var pair = new Harness.TestPair(new ConnectionSettings { MaxFlightBytes = 30_000, MtuCeilingBytes = 9_000 });
        var bytes = Harness.TestPair.Pattern(300_000);
        pair.Initiator.Write(bytes);

        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < bytes.Length);

        Assert.Equal(bytes, pair.Acceptor.Received);
        var probe = pair.Network.Sent.First(d => d.Bytes.Length == 9_000);
        Assert.Equal((PacketType.Data, ProbePadding.FirstType), (probe.Type, probe.Header.Extension));
        Assert.InRange(probe.PayloadLength, 1_000, 1_252);
        Assert.Equal(9_000, pair.Initiator.Core.Statistics.PathMtuBytes);
        Assert.Contains(pair.Network.Sent, d => d.PayloadLength == 9_000 - PacketHeader.Size);
    }
}
