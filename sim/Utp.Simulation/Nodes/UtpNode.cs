using System.Buffers.Binary;
using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Protocol.Tracing;
using Utp.Simulation.Network;

namespace Utp.Simulation.Nodes;

/// <summary>
/// A host with one UDP socket: drives a <see cref="SocketCore"/> in virtual time, in the order that its summary asks for. The host has its own
/// clock; links connect it to other hosts.
/// </summary>
internal sealed class UtpNode : INode, IEventTarget
{
    /// <summary>Debug builds check after every turn; see <see cref="InvariantInterval"/>.</summary>
#if DEBUG
    public const int DefaultInvariantInterval = 1;
#else
    public const int DefaultInvariantInterval = 0;
#endif

    private const int TrainBytes = 64 * 1024;
    private const int TrainSegments = 32;
    private const int TimestampOffset = 4;

    /// <summary>Number of deadlines handled in a row without progress of time after which the core counts as stuck.</summary>
    private const int MaxIdleTurns = 10_000;

    private readonly byte[] _train = new byte[TrainBytes];
    private readonly Dictionary<PeerAddress, Route> _routes = [];
    private readonly int _target;
    private PeerAddress _lastRemote;
    private Route _lastRoute = Route.None;
    private long _armedAt = long.MaxValue;
    private long _lastTurnAt = -1;
    private int _turnsAtOnce;
    private int _untilCheck;

    public UtpNode(
        SimulationRun run, string name, PeerAddress address, SocketSettings? settings = null, NodeClock? clock = null, ITraceSink? trace = null)
    {
        Run = run;
        Name = name;
        Address = address;
        Clock = clock ?? NodeClock.Arbitrary(run.Stream(name + "/clock"));
        Core = new SocketCore(settings ?? new SocketSettings(), run.Stream(name + "/core")) { Trace = trace, Trains = { IsSegmenting = true } };
        _target = run.Register(this);
    }

    public SimulationRun Run { get; }

    public string Name { get; }

    public PeerAddress Address { get; }

    public NodeClock Clock { get; }

    public SocketCore Core { get; }

    public Instant LocalNow => Clock.ToLocal(Run.Now);

    /// <summary>Creates the application of an accepted connection. Without one, the node refuses SYNs.</summary>
    public Func<IStreamApplication>? AcceptApplication
    {
        get;
        set
        {
            field = value;
            Core.IsListening = value is not null;
        }
    }

    /// <summary>Every connection seen, in order, including released ones unless <see cref="ForgetsReleased"/>.</summary>
    public List<StreamEnd> Streams { get; } = [];

    /// <summary>Whether released connections are removed from <see cref="Streams"/>, for runs with very many.</summary>
    public bool ForgetsReleased { get; set; }

    /// <summary>The longest IP packet that the host's own interface sends; it refuses a longer one, as EMSGSIZE does. Zero for any.</summary>
    public int InterfaceMtuBytes { get; set; }

    /// <summary>Whether trains that the system should cut are lost, as with broken segmentation offload.</summary>
    public bool LosesTrains { get; set; }

    /// <summary>The number of turns between two checks of the invariants of the current connection; zero never checks.</summary>
    public int InvariantInterval { get; set; } = DefaultInvariantInterval;

    /// <summary>Size of the blocks that hold written bytes until they are released.</summary>
    public int SendBlockBytes { get; set; } = SendQueue.DefaultBlockBytes;

    /// <summary>The minimum size of the pieces in which acknowledged bytes are released, as by an engine that drains batches.</summary>
    public long ReleaseBytes { get; set; } = 32 * 1024;

    public void AddRoute(PeerAddress remote, Route route)
    {
        _routes[remote] = route;
        _lastRoute = Route.None;
    }

    public StreamEnd Connect(PeerAddress remote, IStreamApplication application, ConnectionSettings? settings = null)
    {
        var connection = Core.Connect(LocalNow, remote, settings) ?? throw new SimulationException($"{Name} has no room for another connection.");
        var end = new StreamEnd(this, connection, application);
        Streams.Add(end);
        Drain();
        return end;
    }

    public void Receive(Packet packet)
    {
        if (Clock.WireStepMicros != 0)
        {
            ShiftTimestamp(packet.Buffer.AsSpan(0, packet.Length), -Clock.WireStepMicros);
        }

        var result = Core.HandleDatagram(LocalNow, packet.Source, packet.Datagram);
        if (result.Connection is { } connection)
        {
            TakePayload(connection, packet.Datagram.Slice(result.PayloadOffset, result.PayloadLength));
            Check(connection);
        }

        Run.Packets.Return(packet);
        Drain();
    }

    /// <summary>Handles deadlines, events and datagrams, and then sleeps, after every input.</summary>
    public void Drain()
    {
        var now = LocalNow;
        Core.HandleDeadlines(now);
        while (Core.PollEvent(out var connection, out var events))
        {
            if ((events & ConnectionEvents.Accepted) != 0)
            {
                Core.ReleaseBacklog();
            }

            var end = EndOf(connection);
            end.HandleEvents(events);
            Check(connection);
            if (end.IsReleased && ForgetsReleased)
            {
                Streams.Remove(end);
            }
        }

        while (Core.PollTransmit(now, _train, TrainSegments, out var transmit))
        {
            Send(now, transmit);
            if (transmit.Connection is { } connection)
            {
                Check(connection);
            }
        }

        Arm();
    }

    void IEventTarget.OnEvent(int tag)
    {
        if (Run.Now != _armedAt)
        {
            return;
        }

        _armedAt = long.MaxValue;
        if (Core.NextDeadline > LocalNow)
        {
            // The deadline has moved later since the timer was set.
            Arm();
            return;
        }

        RequireProgress();
        Drain();
    }

    private void TakePayload(ConnectionCore connection, ReadOnlySpan<byte> payload)
    {
        if (payload.Length > 0)
        {
            EndOf(connection).TakePayload(payload);
        }

        while (connection.TryTakeReordered(out var reordered))
        {
            EndOf(connection).TakePayload(reordered);
        }
    }

    private StreamEnd EndOf(ConnectionCore connection)
    {
        if (connection.Owner is StreamEnd known)
        {
            return known;
        }

        var application = AcceptApplication ?? throw new SimulationException($"{Name} does not listen, and accepted a connection.");
        var end = new StreamEnd(this, connection, application());
        Streams.Add(end);
        end.Open();
        return end;
    }

    private void Send(Instant now, in Transmit transmit)
    {
        var isTooLong = InterfaceMtuBytes > 0 && !transmit.AllowFragmentation
            && Math.Min(transmit.Length, transmit.SegmentSize) + Packet.UdpBytes + Packet.IPv4Bytes > InterfaceMtuBytes;
        if (isTooLong)
        {
            Core.HandleMessageTooLong(now, transmit);
            return;
        }

        if (LosesTrains && !transmit.IsUnsegmented && transmit.SegmentCount > 1)
        {
            return;
        }

        var route = RouteTo(transmit.Remote);
        for (var offset = 0; offset < transmit.Length; offset += transmit.SegmentSize)
        {
            var datagram = _train.AsSpan(offset, Math.Min(transmit.SegmentSize, transmit.Length - offset));
            var packet = Run.Packets.Rent();
            datagram.CopyTo(packet.Buffer);
            packet.Length = datagram.Length;
            packet.WireBytes = datagram.Length + Packet.UdpBytes + Packet.IPv4Bytes + Packet.EthernetBytes;
            packet.AllowFragmentation = transmit.AllowFragmentation;
            packet.Source = Address;
            if (Clock.WireStepMicros != 0)
            {
                ShiftTimestamp(packet.Buffer.AsSpan(0, packet.Length), Clock.WireStepMicros);
            }

            route.Send(packet);
        }
    }

    private Route RouteTo(in PeerAddress remote)
    {
        if (_lastRoute == Route.None || _lastRemote != remote)
        {
            if (!_routes.TryGetValue(remote, out var route))
            {
                throw new SimulationException($"{Name} has no route to {remote}.");
            }

            _lastRoute = route;
            _lastRemote = remote;
        }

        return _lastRoute;
    }

    /// <summary>
    /// Moves the wall clock that stamps datagrams. Shifting received timestamps by the opposite amount gives the difference (the core's own time
    /// less the peer's stamp) that a stepped clock would have measured. Zero means "no sample" on the wire, and stays as it is.
    /// </summary>
    private static void ShiftTimestamp(Span<byte> datagram, long micros)
    {
        if (datagram.Length < TimestampOffset + sizeof(uint))
        {
            return;
        }

        var field = datagram[TimestampOffset..];
        var stamp = BinaryPrimitives.ReadUInt32BigEndian(field);
        if (stamp != 0)
        {
            var shifted = unchecked(stamp + (uint)micros);
            BinaryPrimitives.WriteUInt32BigEndian(field, Math.Max(shifted, 1));
        }
    }

    private void Arm()
    {
        var deadline = Core.NextDeadline;
        if (deadline.IsNever)
        {
            return;
        }

        var due = Math.Max(Clock.ToTrue(deadline), Run.Now);
        if (due < _armedAt)
        {
            _armedAt = due;
            Run.Schedule(due, _target, 0);
        }
    }

    private void RequireProgress()
    {
        if (Run.Now != _lastTurnAt)
        {
            _lastTurnAt = Run.Now;
            _turnsAtOnce = 0;
        }
        else if (++_turnsAtOnce > MaxIdleTurns)
        {
            throw new SimulationException($"{Name}: the next deadline stays in the past however often it is handled.");
        }
    }

    private void Check(ConnectionCore connection)
    {
        if (InvariantInterval > 0 && --_untilCheck <= 0)
        {
            _untilCheck = InvariantInterval;
            connection.CheckInvariants();
        }
    }
}
