using System.Net;
using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Simulation.Randomness;
using Utp.Transport;

namespace Utp.Protocol.Tests.Demultiplexing;

/// <summary>A peer hears only what comes from the address that it dialled: which address each packet of the core leaves from.</summary>
public sealed class LocalAddressTests
{
    private const ushort PeersId = 700;
    private static readonly PeerAddress Peer = PeerAddress.FromIPv4(0x0A000009, 6_881);
    private static readonly LocalAddress Dialled = LocalAddress.FromIPv4(0x0A000002);
    private static readonly LocalAddress Other = LocalAddress.FromIPv4(0x0A000003);
    private readonly byte[] _buffer = new byte[2_000];
    private Instant _now = new(1_000_000);
    private SequenceNumber _acknowledged;

    [Fact]
    public void Acceptor_EveryPacket_LeavesFromTheAddressThatTheSynCameTo()
    {
        var core = NewCore();
        var connection = Accept(core, Dialled);

        ReceiveData(core, 2, connection, Dialled);
        Assert.Empty(Drain(core));
        _now += 1_000_000;
        core.HandleDeadlines(_now);
        Assert.Equal([Dialled], Drain(core));

        connection.Abort(_now);
        Assert.Equal([Dialled], Drain(core));
    }

    [Fact]
    public void Initiator_UnpinnedRequest_PinsToTheAddressOfTheFirstAnswer()
    {
        var core = NewCore();
        var connection = core.Connect(_now, Peer)!;
        var syn = DrainOne(core, out var header);
        Assert.True(syn.IsUnspecified);

        Assert.Equal(DatagramDisposition.Accepted, Feed(core, State(header.ConnectionId, 9, header.Sequence), Dialled).Disposition);

        Assert.Equal(Dialled, connection.Local);
        Assert.Equal([Dialled], Drain(core));
    }

    [Fact]
    public void Initiator_ForgedAnswer_DoesNotPin()
    {
        var core = NewCore();
        var connection = core.Connect(_now, Peer)!;
        DrainOne(core, out var header);

        Feed(core, State(header.ConnectionId, 9, header.Sequence + 1), Other);

        Assert.True(connection.Local.IsUnspecified);
    }

    [Fact]
    public void Connection_PacketToAnotherAddress_KeepsItsAddress()
    {
        var core = NewCore();
        var connection = Accept(core, Dialled);

        var result = ReceiveData(core, 2, connection, Other);

        Assert.Equal((DatagramDisposition.Accepted, 10), (result.Disposition, result.PayloadLength));
        Assert.Equal(Dialled, connection.Local);
    }

    [Fact]
    public void Connection_AddressGone_TriesItAgainUntilThePeerNamesAnother()
    {
        var core = NewCore();
        var connection = Accept(core, Dialled);

        connection.HandleLocalAddressGone(Dialled);
        Assert.Equal(Dialled, connection.Local);

        ReceiveData(core, 2, connection, Other);
        Assert.Equal(Other, connection.Local);

        // A train from the old address that was refused late says nothing of the new one.
        connection.HandleLocalAddressGone(Dialled);
        ReceiveData(core, 3, connection, Dialled);
        Assert.Equal(Other, connection.Local);
    }

    [Fact]
    public void Connection_AddressGoneAndBack_StaysWithIt()
    {
        var core = NewCore();
        var connection = Accept(core, Dialled);

        connection.HandleLocalAddressGone(Dialled);
        ReceiveData(core, 2, connection, Dialled);
        ReceiveData(core, 3, connection, Other);

        Assert.Equal(Dialled, connection.Local);
    }

    [Fact]
    public void Connection_SystemThatNeverSendsFromTheAddress_ChoosesForGood()
    {
        var core = NewCore();
        var connection = Accept(core, Dialled);
        for (var i = 0; i < 1_000; i++)
        {
            Assert.Equal(Dialled, connection.Local);
            connection.HandleLocalAddressGone(Dialled);
        }

        ReceiveData(core, 2, connection, Dialled);
        Assert.True(connection.Local.IsUnspecified);
    }

    [Theory]
    [InlineData("10.0.0.3", false)]
    [InlineData("10.0.0.2", true)]
    [InlineData("::", true)]
    public void Reset_ToAnotherAddressThanTheDialledOne_IsAboutSomethingElse(string local, bool ends)
    {
        var core = NewCore();
        var connection = Accept(core, Dialled);
        var reset = new PacketHeader { Type = PacketType.Reset, ConnectionId = PeersId + 1, Timestamp = 1, Sequence = new(2), Acknowledgement = _acknowledged };

        Feed(core, reset, LocalAddress.FromEndPoint(new IPEndPoint(IPAddress.Parse(local), 0)));

        Assert.Equal(ends ? UtpCloseReason.PeerReset : UtpCloseReason.None, connection.CloseReason);
        Assert.Equal(ends ? 0 : 1, core.Statistics.ResetsIgnored);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(100, 2)]
    public void UnknownConnection_ItsReset_LeavesFromTheAddressHit(int payload, int resets)
    {
        var core = NewCore();
        Feed(core, new PacketHeader { Type = PacketType.Data, ConnectionId = 55, Timestamp = 1, Sequence = new(1) }, Other, payload);

        Assert.Equal(Enumerable.Repeat(Other, resets), Drain(core));
    }

    [Fact]
    public void RefusedRequest_ItsReset_LeavesFromTheAddressHit()
    {
        var core = NewCore();
        core.IsListening = false;
        Feed(core, new PacketHeader { Type = PacketType.Syn, ConnectionId = PeersId, Timestamp = 1, Sequence = new(1) }, Other);

        Assert.Equal([Other], Drain(core));
    }

    [Theory]
    [InlineData("10.1.2.3", "10.1.2.3")]
    [InlineData("::ffff:10.1.2.3", "10.1.2.3")]
    [InlineData("fd77::1", "fd77::1")]
    [InlineData("fd77::1%7", "fd77::1")]
    [InlineData("fe80::1%7", "fe80::1%7")]
    [InlineData("::1", "::1")]
    [InlineData("0.0.0.0", null)]
    [InlineData("::", null)]
    [InlineData("224.0.0.1", null)]
    [InlineData("255.255.255.255", null)]
    [InlineData("ff02::1%7", null)]
    public void Address_OfADatagram_IsOneThatAnswersCanLeaveFrom(string sentTo, string? leavesFrom)
    {
        var local = LocalAddress.FromEndPoint(new IPEndPoint(IPAddress.Parse(sentTo), 80));

        Assert.Equal(leavesFrom is null, local.IsUnspecified);
        if (leavesFrom is not null)
        {
            Assert.Equal(new IPEndPoint(IPAddress.Parse(leavesFrom), 90), local.ToEndPoint(90));
        }
    }

    private static SocketCore NewCore() => new(new SocketSettings(), new SeededRandomSource(1)) { IsListening = true };

    private ConnectionCore Accept(SocketCore core, LocalAddress local)
    {
        Feed(core, new PacketHeader { Type = PacketType.Syn, ConnectionId = PeersId, Timestamp = 1, Sequence = new(1) }, local);
        Assert.Equal(local, DrainOne(core, out var synAck));

        var confirmed = Feed(core, State(PeersId + 1, 2, synAck.Sequence - 1), local);
        Assert.True(core.PollEvent(out var connection, out var events));
        Assert.Equal(ConnectionEvents.Accepted, events);
        Assert.Same(connection, confirmed.Connection);
        Drain(core);
        _acknowledged = synAck.Sequence - 1;
        return connection;
    }

    private static PacketHeader State(int id, ushort sequence, SequenceNumber acknowledgement) => new()
    {
        Type = PacketType.State,
        ConnectionId = (ushort)id,
        Timestamp = 1,
        WindowBytes = 1 << 20,
        Sequence = new(sequence),
        Acknowledgement = acknowledgement,
    };

    private DatagramResult ReceiveData(SocketCore core, ushort sequence, ConnectionCore connection, LocalAddress local)
    {
        var result = Feed(core, State(PeersId + 1, sequence, _acknowledged) with { Type = PacketType.Data }, local, payload: 10);
        Assert.Same(connection, result.Connection);
        return result;
    }

    private DatagramResult Feed(SocketCore core, PacketHeader header, LocalAddress local, int payload = 0)
    {
        var bytes = new byte[PacketHeader.Size + payload];
        header.Write(bytes);
        return core.HandleDatagram(_now, Peer, bytes, local);
    }

    /// <summary>Where the packets leave from.</summary>
    private List<LocalAddress> Drain(SocketCore core)
    {
        List<LocalAddress> sources = [];
        while (core.PollTransmit(_now, _buffer, 1, out var transmit))
        {
            Assert.Equal(Peer, transmit.Remote);
            sources.Add(transmit.Local);
        }

        return sources;
    }

    private LocalAddress DrainOne(SocketCore core, out PacketHeader header)
    {
        var source = Assert.Single(Drain(core));
        Assert.True(PacketHeader.TryRead(_buffer, out header));
        return source;
    }
}
