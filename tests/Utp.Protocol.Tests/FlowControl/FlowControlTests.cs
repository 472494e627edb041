using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.FlowControl;

public sealed class FlowControlTests
{
    [Fact]
    public void ClosedWindow_NothingIsSentUntilItIsUpdated()
    {
        var peer = ScriptedPeer.Dialled();
        peer.WindowBytes = 0;
        peer.State();

        peer.Connection.Write([1, 2, 3]);
        Assert.Empty(peer.Take());
        peer.WindowBytes = 10_000;
        peer.State();

        Assert.Equal((PacketType.Data, 3), (peer.TakeOne().Type, peer.Network.Sent[^1].PayloadLength));
    }

    [Theory]
    [InlineData(1_232, 1)]
    [InlineData(2_000, 1)]
    [InlineData(2_464, 2)]
    public void Sender_SendsUpToTheWindow_InWholeSegments(uint windowBytes, int expectedSegments)
    {
        var peer = ScriptedPeer.Dialled();
        peer.WindowBytes = windowBytes;
        peer.State();

        peer.Connection.Write(new byte[20_000]);
        peer.Network.Run(0.01);

        Assert.Equal(expectedSegments, peer.Take().Count(d => d.Type == PacketType.Data));
    }

    /// <summary>The window counts from what is acknowledged, and what is in flight is in it.</summary>
    [Fact]
    public void Sender_NeverExceedsTheWindow_WhileItIsAcknowledgedAndGrows()
    {
        var peer = ScriptedPeer.Dialled(new ConnectionSettings { MtuCeilingBytes = 1_252 });
        peer.WindowBytes = 6_160;
        peer.State();
        peer.Connection.Write(new byte[100_000]);
        var inFlight = 0;
        for (var i = 0; i < 10; i++)
        {
            var sent = peer.AcknowledgeAll().Where(d => d.Type == PacketType.Data).Sum(d => d.PayloadLength);
            Assert.InRange(sent, 1_232, 6_160);
            inFlight = Math.Max(inFlight, sent);
        }

        Assert.Equal(6_160, inFlight);
    }

    [Fact]
    public void Receiver_AdvertisesWhatIsLeft_AndTheReadingGivesItBack()
    {
        var peer = ScriptedPeer.Dialled(new ConnectionSettings { ReceiveBufferBytes = 50_000 });
        peer.Connection.ReadsEagerly = false;
        for (var i = 0; i < 10; i++)
        {
            peer.Data(TestPair.Pattern(1_000));
        }

        Assert.Equal(40_000u, peer.Take()[^1].Header.WindowBytes);
        peer.Connection.Consume(10_000);
        peer.Data(1);
        peer.Data(2);
        Assert.Equal(49_998u, peer.Take()[^1].Header.WindowBytes);
    }

    [Fact]
    public void Receiver_WithAWindowBelowTwoSegments_AnnouncesItsReopeningWhenReadFrom()
    {
        var peer = ScriptedPeer.Dialled(new ConnectionSettings { ReceiveBufferBytes = 6_000 });
        peer.Connection.ReadsEagerly = false;
        for (var i = 0; i < 4; i++)
        {
            peer.Data(TestPair.Pattern(1_000));
        }

        Assert.Equal(0u, peer.Take()[^1].Header.WindowBytes);
        peer.Connection.Consume(900);
        Assert.Empty(peer.Take());
        peer.Connection.Consume(100);

        Assert.Equal((PacketType.State, 3_000u), (peer.TakeOne().Type, peer.Network.Sent[^1].Header.WindowBytes));
    }

    /// <summary>A slow reader, byte by byte, still gets everything, and the sender is never left in the dark.</summary>
    [Fact]
    public void SlowReader_GetsEverything()
    {
        var pair = new TestPair(new ConnectionSettings { ReceiveBufferBytes = 8_000 });
        pair.Acceptor.ReadsEagerly = false;
        pair.Initiator.Write(TestPair.Pattern(60_000));
        while (pair.Acceptor.ConsumedCount < 60_000)
        {
            pair.Network.Run(0.01);
            Assert.True(pair.Acceptor.ReceivedCount - pair.Acceptor.ConsumedCount <= 8_000);
            pair.Acceptor.Consume(Math.Min(500, pair.Acceptor.ReceivedCount - pair.Acceptor.ConsumedCount));
            Assert.True(pair.Network.Now < Instant.FromSeconds(30), "the reader starved");
        }

        Assert.Equal(TestPair.Pattern(60_000), pair.Acceptor.Received);
        Assert.Equal(0, pair.Initiator.Core.Statistics.Timeouts);
    }

    [Fact]
    public void MaxFlightBytes_BoundsWhatIsInFlight()
    {
        var pair = new TestPair(new ConnectionSettings { MaxFlightBytes = 10_000 });
        pair.Initiator.Write(TestPair.Pattern(500_000));

        pair.Network.RunWhile(() =>
        {
            Assert.True(pair.Initiator.Core.Statistics.FlightBytes <= 10_000);
            return pair.Acceptor.ReceivedCount < 500_000;
        });
    }
}
