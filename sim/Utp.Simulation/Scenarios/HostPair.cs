using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Simulation.Network;
using Utp.Simulation.Nodes;

namespace Utp.Simulation.Scenarios;

/// <summary>Two hosts and the two links between them: the smallest network, for questions of correctness.</summary>
internal sealed class HostPair : IDisposable
{
    private const ushort Port = 6_881;

    public HostPair(ulong seed, LinkSettings link, SocketSettings? settings = null)
        : this(seed, link with { Name = "there" }, link with { Name = "back" }, settings)
    {
    }

    public HostPair(ulong seed, LinkSettings there, LinkSettings back, SocketSettings? settings = null, NodeClock? leftClock = null,
        NodeClock? rightClock = null)
    {
        Run = new SimulationRun(seed);
        Left = new UtpNode(Run, "left", PeerAddress.FromIPv4(0x0A00_0001, Port), settings, leftClock);
        Right = new UtpNode(Run, "right", PeerAddress.FromIPv4(0x0A00_0002, Port), settings, rightClock);
        There = new Link(Run, there);
        Back = new Link(Run, back);
        Left.AddRoute(Right.Address, new Route(Right, There));
        Right.AddRoute(Left.Address, new Route(Left, Back));
    }

    public SimulationRun Run { get; }

    public UtpNode Left { get; }

    public UtpNode Right { get; }

    public Link There { get; }

    public Link Back { get; }

    /// <summary>Whether no connection and no datagram remains.</summary>
    public bool IsAtRest => Left.Core.ConnectionCount == 0 && Right.Core.ConnectionCount == 0 && Run.Packets.Outstanding == 0;

    public void RunFor(double seconds) => Run.RunUntil(Run.Now + Nanos.FromSeconds(seconds));

    /// <summary>Runs until the condition holds; false when the time ended first.</summary>
    public bool RunUntil(Func<bool> condition, double limitSeconds) => Run.RunUntil(condition, Run.Now + Nanos.FromSeconds(limitSeconds));

    public void Dispose() => Run.Dispose();
}
