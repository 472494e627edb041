using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.LossRecovery;

/// <summary>
/// A receiver that acknowledges as libutp does: one STATE per batch of arrivals, with a mask of at most 30 packets behind the gap; a packet
/// that it has consumed is acknowledged again, a repeated one that waits behind a gap is not.
/// </summary>
internal sealed class ShortMaskReceiver
{
    private const int MaskPackets = 30;
    private const long BatchMicros = 500;

    private readonly TestNetwork _network;
    private readonly TestHost _sender;
    private readonly PeerAddress _address = PeerAddress.FromIPv4(0x0A00_00FE, 6881);
    private readonly PriorityQueue<TestDatagram, (long At, int Order)> _arriving = new();
    private readonly HashSet<SequenceNumber> _waiting = [];
    private int _order;
    private ushort _sendId;
    private SequenceNumber _received;

    public ShortMaskReceiver(TestNetwork network, TestHost sender, ConnectionSettings? settings = null)
    {
        _network = network;
        _sender = sender;
        network.Rule = datagram =>
        {
            _arriving.Enqueue(datagram, (datagram.SentAt.Micros + network.DelayMicros, _order++));
            return TestNetwork.Drop;
        };
        Connection = sender.Connect(_address, settings);
        RunWhile(() => !Connection.IsConnected);
    }

    public TestConnection Connection { get; }

    public long DeliveredBytes { get; private set; }

    /// <summary>DATA packets seen, lost ones included: number, and how often it was sent.</summary>
    public Dictionary<SequenceNumber, int> Transmissions { get; } = [];

    /// <summary>The first DATA packet's number.</summary>
    public SequenceNumber FirstNumber { get; private set; }

    /// <summary>Whether the path loses this transmission (1 for the first) of the packet that is so many behind the first one.</summary>
    public Func<int, int, bool> LosesData { get; set; } = (_, _) => false;

    /// <summary>Whether the path loses the acknowledgement with this ordinal.</summary>
    public Func<int, bool> LosesAcknowledgement { get; set; } = _ => false;

    public uint WindowBytes { get; set; } = 1 << 20;

    /// <summary>Packets so far behind the first missing one are dropped in silence: 1,024 for libutp, whatever its window is.</summary>
    public int DropsAhead { get; set; } = int.MaxValue;

    /// <summary>DATA packets dropped for that reason.</summary>
    public int DroppedAheadCount { get; private set; }

    public int AcknowledgementCount { get; private set; }

    public void RunWhile(Func<bool> condition, double atMostSeconds = 30)
    {
        var end = _network.Now + (long)(atMostSeconds * 1e6);
        while (condition())
        {
            Assert.True(_network.Now < end, $"still waiting after {atMostSeconds} s");
            _network.RunUntil(_network.Now + BatchMicros);
            ReceiveBatch();
        }
    }

    private void ReceiveBatch()
    {
        var mustAcknowledge = false;
        while (_arriving.TryPeek(out var datagram, out var arrival) && arrival.At <= _network.Now.Micros)
        {
            _arriving.Dequeue();
            mustAcknowledge |= Receive(datagram);
        }

        if (mustAcknowledge && !LosesAcknowledgement(AcknowledgementCount++))
        {
            Acknowledge();
        }
    }

    private bool Receive(TestDatagram datagram)
    {
        var number = datagram.Header.Sequence;
        switch (datagram.Type)
        {
            case PacketType.Syn:
                _sendId = datagram.Header.ConnectionId;
                _received = number;
                FirstNumber = number + 1;
                return true;
            case PacketType.Data:
                var count = Transmissions[number] = Transmissions.GetValueOrDefault(number) + 1;
                return !LosesData(number - FirstNumber, count) && Take(number, datagram.PayloadLength);
            default:
                return false;
        }
    }

    private bool Take(SequenceNumber number, int length)
    {
        if (number <= _received)
        {
            return true;
        }

        if (number - (_received + 1) >= DropsAhead)
        {
            DroppedAheadCount++;
            return false;
        }

        if (!_waiting.Add(number))
        {
            return false;
        }

        DeliveredBytes += length;
        while (_waiting.Remove(_received + 1))
        {
            _received += 1;
        }

        return true;
    }

    private void Acknowledge()
    {
        var mask = new byte[4];
        for (var i = 0; i < MaskPackets; i++)
        {
            mask[i >> 3] |= _waiting.Contains(_received + 2 + i) ? (byte)(1 << (i & 7)) : (byte)0;
        }

        var header = new PacketHeader
        {
            Type = PacketType.State,
            Extension = _waiting.Count > 0 ? ExtensionReader.SelectiveAckType : (byte)0,
            ConnectionId = _sendId,
            Timestamp = 1,
            WindowBytes = WindowBytes,
            Sequence = new SequenceNumber(1_000),
            Acknowledgement = _received,
        };
        byte[]? extension = _waiting.Count > 0 ? [0, 4, .. mask] : null;
        _sender.Inject(_address, header, extension);
    }
}
