using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Sockets;
using Utp.Protocol.Wire;
using Utp.Simulation.Randomness;

namespace Utp.Protocol.Tests.Harness;

/// <summary>
/// A peer made of hand-written packets. It answers nothing by itself; it keeps the numbers that a well-behaved peer would use, so that a test
/// states only what is peculiar, and remembers what the endpoint under test sent to it.
/// </summary>
internal sealed class ScriptedPeer
{
    public const int RoundTripMicros = 20_000;

    private int _takenCount;

    public ScriptedPeer(TestNetwork network, TestHost host, int number = 0)
    {
        Network = network;
        Host = host;
        Address = PeerAddress.FromIPv4(0x0A000100 + (uint)number, 7000);
    }

    public TestNetwork Network { get; }

    public TestHost Host { get; }

    public PeerAddress Address { get; }

    public TestConnection Connection { get; set; } = null!;

    /// <summary>The id in packets to the peer.</summary>
    public ushort ReceiveId { get; set; }

    /// <summary>The id in packets from the peer.</summary>
    public ushort SendId { get; set; }

    /// <summary>The peer's next unsent number.</summary>
    public SequenceNumber Next { get; set; } = new(1_000);

    /// <summary>The highest number that the peer has received in order.</summary>
    public SequenceNumber Received { get; set; }

    public uint WindowBytes { get; set; } = 1 << 20;

    /// <summary>What the peer's clock shows more than the network's.</summary>
    public uint ClockOffset { get; set; } = 123_456;

    /// <summary>A connection that the endpoint under test has dialled, established.</summary>
    public static ScriptedPeer Dialled(ConnectionSettings? settings = null, IRandomSource? random = null)
    {
        var peer = Unconnected(random);
        peer.ConnectHost(settings);
        peer.AnswerSyn();
        peer.Take();
        return peer;
    }

    /// <summary>A connection that the peer has dialled, established.</summary>
    public static ScriptedPeer Dialling(ConnectionSettings? settings = null, IRandomSource? random = null)
    {
        var peer = Unconnected(random);
        peer.Host.Core.AcceptedConnections = settings;
        peer.SendSyn();
        peer.Network.Run(RoundTripMicros / 1e6);
        peer.Confirm();
        peer.Take();
        return peer;
    }

    public static ScriptedPeer Unconnected(IRandomSource? random = null, SocketSettings? settings = null)
    {
        var network = new TestNetwork();
        var host = network.AddHost(random ?? new SeededRandomSource(1), settings);
        host.Core.IsListening = true;
        return new ScriptedPeer(network, host);
    }

    /// <summary>What the endpoint sent to the peer since the last call.</summary>
    public List<TestDatagram> Take()
    {
        var taken = Network.Sent.Skip(_takenCount).Where(d => d.To == Address).ToList();
        _takenCount = Network.Sent.Count;
        return taken;
    }

    /// <summary>The only datagram that the endpoint sent since the last call.</summary>
    public TestDatagram TakeOne() => Assert.Single(Take());

    /// <summary>The endpoint dials; the peer learns ids and numbers from the SYN.</summary>
    public TestDatagram ConnectHost(ConnectionSettings? settings = null)
    {
        Connection = Host.Connect(Address, settings);
        var syn = TakeOne();
        LearnFrom(syn);
        return syn;
    }

    /// <summary>Takes the ids and numbers of the endpoint's SYN.</summary>
    public void LearnFrom(TestDatagram syn)
    {
        Assert.Equal(PacketType.Syn, syn.Type);
        SendId = syn.Header.ConnectionId;
        ReceiveId = unchecked((ushort)(SendId + 1));
        Received = syn.Header.Sequence;
    }

    public DatagramResult AnswerSyn()
    {
        Network.Run(RoundTripMicros / 1e6);
        return State();
    }

    /// <summary>The peer dials with the id given; the SYN-ACK tells it the endpoint's number.</summary>
    public TestDatagram SendSyn(ushort id = 5_000)
    {
        ReceiveId = id;
        SendId = unchecked((ushort)(id + 1));
        Send(Header(PacketType.Syn) with { ConnectionId = id, Acknowledgement = default });
        Next += 1;
        var synAck = TakeOne();
        Received = synAck.Header.Sequence - 1;
        return synAck;
    }

    /// <summary>The third step of the handshake, as a bare STATE.</summary>
    public DatagramResult Confirm()
    {
        var result = State();
        Connection = Host.Accepted.Count > 0 ? Host.Accepted[^1] : null!;
        return result;
    }

    public PacketHeader Header(PacketType type) => new()
    {
        Type = type,
        ConnectionId = SendId,
        Timestamp = unchecked(Network.Now.WireTimestamp + ClockOffset),
        TimestampDifference = unchecked(0u - ClockOffset + (RoundTripMicros / 2)),
        WindowBytes = WindowBytes,
        Sequence = Next,
        Acknowledgement = Received,
    };

    public DatagramResult Send(PacketHeader header, params byte[] afterHeader) => Host.Inject(Address, header, afterHeader);

    public DatagramResult State() => Send(Header(PacketType.State));

    /// <summary>A STATE that acknowledges everything up to and including this number.</summary>
    public DatagramResult State(SequenceNumber acknowledgement)
    {
        Received = acknowledgement;
        return State();
    }

    /// <summary>A STATE with a selective acknowledgement of exactly these numbers.</summary>
    public DatagramResult StateHolding(params SequenceNumber[] held)
    {
        var bits = held.Max(h => h - (Received + 2)) + 1;
        var mask = new byte[(bits + 31) / 32 * 4];
        foreach (var number in held)
        {
            SelectiveAck.Set(mask, number - (Received + 2));
        }

        return Send(Header(PacketType.State) with { Extension = 1 }, [0, (byte)mask.Length, .. mask]);
    }

    public DatagramResult Data(params byte[] payload)
    {
        var result = Send(Header(PacketType.Data), payload);
        Next += 1;
        return result;
    }

    /// <summary>DATA with this number, out of turn.</summary>
    public DatagramResult DataAt(SequenceNumber number, params byte[] payload) => Send(Header(PacketType.Data) with { Sequence = number }, payload);

    public DatagramResult Fin()
    {
        var result = Send(Header(PacketType.Fin));
        Next += 1;
        return result;
    }

    /// <summary>Acknowledges all DATA and FIN that the endpoint has sent so far, after half a round trip of thinking.</summary>
    public List<TestDatagram> AcknowledgeAll()
    {
        var taken = Take();
        foreach (var segment in taken.Where(d => d.Type is PacketType.Data or PacketType.Fin && d.Header.Sequence > Received))
        {
            Received = segment.Header.Sequence;
        }

        Network.Run(RoundTripMicros / 1e6);
        State();
        return taken;
    }
}
