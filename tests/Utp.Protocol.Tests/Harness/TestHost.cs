using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Sockets;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Harness;

/// <summary>A driver of one endpoint that follows the documented order and checks invariants after each step.</summary>
internal sealed class TestHost(TestNetwork network, PeerAddress address, SocketCore core)
{
    /// <summary>More than any window holds: an endpoint that still has something to send is in a loop.</summary>
    private const int MaxTrainsPerDrain = 20_000;

    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly Queue<TestDatagram> _postponed = new();
    private bool _isBlocked;

    public SocketCore Core { get; } = core;

    public PeerAddress Address { get; } = address;

    public List<TestConnection> Accepted { get; } = [];

    public List<byte[]> NonUtp { get; } = [];

    public int MaxSegments { get; set; } = 16;

    /// <summary>Datagrams longer than this are refused as EMSGSIZE; null for no limit.</summary>
    public int? LinkLimitBytes { get; set; }

    /// <summary>False: the application leaves accepted connections in the backlog.</summary>
    public bool TakesConnections { get; set; } = true;

    /// <summary>True: the system cannot fragment, and refuses what is longer than the link even where it may.</summary>
    public bool RefusesFragments { get; set; }

    /// <summary>True: the system refuses to send anything (EPERM, ENETUNREACH).</summary>
    public bool RefusesToSend { get; set; }

    /// <summary>Sees the first datagram of each train that is refused.</summary>
    public Action<byte[]>? Refused { get; set; }

    /// <summary>Trains that it has refused.</summary>
    public int RefusedCount { get; private set; }

    /// <summary>True: trains that the system is to cut vanish, as broken segmentation offload makes them.</summary>
    public bool LosesTrains { get; set; }

    /// <summary>True: the machine has lost power. It neither receives nor sends nor keeps time.</summary>
    public bool IsGone { get; set; }

    /// <summary>
    /// True: the channel would block. It takes one train, as a socket's driver does, and keeps it until it is writable again; false sends it.
    /// </summary>
    public bool IsBlocked
    {
        get => _isBlocked;
        set
        {
            _isBlocked = value;
            Drain();
        }
    }

    public TestConnection Connect(TestHost to, ConnectionSettings? settings = null) => Connect(to.Address, settings);

    public TestConnection Connect(PeerAddress to, ConnectionSettings? settings = null)
    {
        var core = Core.Connect(network.Now, to, settings) ?? throw new InvalidOperationException("No room for a connection.");
        var connection = new TestConnection(network, this, core);
        Drain();
        return connection;
    }

    public void Receive(TestDatagram datagram)
    {
        var result = Core.HandleDatagram(network.Now, datagram.From, datagram.Bytes);
        if (result.Disposition == DatagramDisposition.NotUtp)
        {
            NonUtp.Add(datagram.Bytes);
        }

        if (result.Connection is { } connection)
        {
            var owner = Owner(connection);
            owner.Take(datagram.Bytes.AsSpan(result.PayloadOffset, result.PayloadLength));
            while (connection.TryTakeReordered(out var payload))
            {
                owner.Take(payload);
            }
        }

        CheckInvariants();
    }

    /// <summary>Feeds one hand-made packet, as if it had just arrived.</summary>
    public DatagramResult Inject(PeerAddress from, PacketHeader header, byte[]? afterHeader = null)
    {
        var bytes = new byte[PacketHeader.Size + (afterHeader?.Length ?? 0)];
        header.Write(bytes);
        afterHeader?.CopyTo(bytes, PacketHeader.Size);
        return Inject(from, bytes);
    }

    public DatagramResult Inject(PeerAddress from, byte[] bytes)
    {
        var result = Core.HandleDatagram(network.Now, from, bytes);
        if (result.Connection is { } connection)
        {
            var owner = Owner(connection);
            owner.Take(bytes.AsSpan(result.PayloadOffset, result.PayloadLength));
            while (connection.TryTakeReordered(out var payload))
            {
                owner.Take(payload);
            }
        }

        CheckInvariants();
        Drain();
        return result;
    }

    public void Drain()
    {
        if (IsGone)
        {
            return;
        }

        Core.HandleDeadlines(network.Now);
        while (Core.PollEvent(out var connection, out var events))
        {
            var owner = Owner(connection);
            if (events.HasFlag(ConnectionEvents.Accepted))
            {
                Accepted.Add(owner);
                if (TakesConnections)
                {
                    Core.ReleaseBacklog();
                }
            }

            owner.Handle(events);
        }

        Transmit();
        CheckInvariants();
    }

    private void Transmit()
    {
        while (!_isBlocked && _postponed.TryDequeue(out var datagram))
        {
            network.Send(datagram);
        }

        var trains = 0;
        while (_postponed.Count == 0 && Core.PollTransmit(network.Now, _buffer, MaxSegments, out var transmit))
        {
            Assert.True(++trains < MaxTrainsPerDrain,
                $"{trains} trains at one instant, {network.Now}; the last {transmit.SegmentCount} of {transmit.SegmentSize} bytes");
            if (RefusesToSend)
            {
                RefusedCount++;
                Refused?.Invoke(_buffer.AsSpan(0, Math.Min(transmit.SegmentSize, transmit.Length)).ToArray());
                Core.HandleSendRefused(network.Now, transmit);
                continue;
            }

            if (transmit.SegmentSize > LinkLimitBytes && (RefusesFragments || !transmit.AllowFragmentation))
            {
                Core.HandleMessageTooLong(network.Now, transmit);
                continue;
            }

            if (LosesTrains && transmit.SegmentCount > 1 && !transmit.IsUnsegmented)
            {
                continue;
            }

            for (var offset = 0; offset < transmit.Length; offset += transmit.SegmentSize)
            {
                var bytes = _buffer.AsSpan(offset, Math.Min(transmit.SegmentSize, transmit.Length - offset)).ToArray();
                var datagram = new TestDatagram(Address, transmit.Remote, bytes, network.Now, transmit.AllowFragmentation);
                if (_isBlocked)
                {
                    _postponed.Enqueue(datagram);
                }
                else
                {
                    network.Send(datagram);
                }
            }
        }
    }

    private TestConnection Owner(ConnectionCore connection) => (TestConnection?)connection.Owner ?? new TestConnection(network, this, connection);

    private void CheckInvariants()
    {
        if (network.ChecksInvariants)
        {
            Core.CheckInvariants();
        }
    }
}
