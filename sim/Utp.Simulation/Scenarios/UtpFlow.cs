using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Connections.Statistics;
using Utp.Protocol.Sockets;
using Utp.Protocol.Tracing;
using Utp.Simulation.Network;
using Utp.Simulation.Nodes;
using Utp.Simulation.Probes;

namespace Utp.Simulation.Scenarios;

/// <summary>A uTP transfer between two separate hosts: the left one connects and sends.</summary>
internal sealed class UtpFlow : IMeasuredFlow
{
    private const ushort Port = 6_881;

    private readonly TransferApplication _source;
    private readonly TransferApplication _sink;
    private readonly ConnectionSettings _settings;

    public UtpFlow(SimulationRun run, string name, int number, UtpFlowSettings settings)
    {
        _settings = settings.Connection;
        var endpoint = new SocketSettings { AcceptedConnections = settings.AcceptedConnection ?? settings.Connection };
        Left = new UtpNode(run, name + "/left", PeerAddress.FromIPv4(0x0A00_0001 + (uint)number, Port), endpoint, settings.LeftClock, settings.Trace);
        Right = new UtpNode(run, name + "/right", PeerAddress.FromIPv4(0x0A01_0001 + (uint)number, Port), endpoint, settings.RightClock);
        Left.InvariantInterval = Right.InvariantInterval = settings.InvariantInterval;
        var seed = run.Stream(name + "/payload").NextUInt64();
        _source = new TransferApplication(run, settings.Transfer with { OutgoingSeed = seed });
        _sink = new TransferApplication(run, new TransferSettings { IncomingSeed = seed, ClosesWithPeer = true });
        Right.AcceptApplication = () => _sink;
    }

    public UtpNode Left { get; }

    public UtpNode Right { get; }

    public TransferApplication Source => _source;

    public TransferApplication Sink => _sink;

    /// <summary>The sending connection; null before it starts.</summary>
    public ConnectionCore? Sender { get; private set; }

    public long DeliveredBytes => _sink.ReceivedBytes;

    public ConnectionStatistics Statistics => Sender?.Statistics ?? default;

    public void Wire(Route forward, Route back)
    {
        Left.AddRoute(Right.Address, forward);
        Right.AddRoute(Left.Address, back);
    }

    public void Start() => Sender = Left.Connect(Right.Address, _source, _settings).Core;

    /// <summary>Aborts the flow, which sends nothing more.</summary>
    public void Stop() => _source.End?.Act(end => end.Abort());

    public FlowSample Sample()
    {
        if (Sender is null)
        {
            return new FlowSample(0, 0, 0, 0, "");
        }

        var statistics = Sender.Statistics;
        return new FlowSample(
            statistics.CongestionWindowBytes,
            statistics.QueueingDelayMicros,
            statistics.BaseDelayMicros,
            statistics.SmoothedRoundTripMicros,
            Sender.CongestionState);
    }
}

internal sealed record UtpFlowSettings
{
    public ConnectionSettings Connection { get; init; } = new() { ReceiveBufferBytes = 4 * 1024 * 1024 };

    /// <summary>Settings of the receiving side, where they differ.</summary>
    public ConnectionSettings? AcceptedConnection { get; init; }

    public TransferSettings Transfer { get; init; } = new() { BytesToSend = long.MaxValue };

    /// <summary>The trace of the sending side: <see cref="TraceWriter.For"/>.</summary>
    public ITraceSink? Trace { get; init; }

    public NodeClock? LeftClock { get; init; }

    public NodeClock? RightClock { get; init; }

    /// <summary>See <see cref="UtpNode.InvariantInterval"/>. Long runs cannot afford a check after every step.</summary>
    public int InvariantInterval { get; init; } = 1_000 * UtpNode.DefaultInvariantInterval;
}
