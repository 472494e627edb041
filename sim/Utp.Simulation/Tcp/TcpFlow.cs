using Utp.Simulation.Network;
using Utp.Simulation.Probes;

namespace Utp.Simulation.Tcp;

/// <summary>An endless TCP transfer from one side of a network to the other.</summary>
internal sealed class TcpFlow : IMeasuredFlow
{
    public TcpFlow(SimulationRun run, TcpVariant variant, Func<INode, Route> forward, Func<INode, Route> back)
    {
        Receiver = new TcpReceiver(run);
        Sender = new TcpSender(run, forward(Receiver), variant == TcpVariant.Cubic ? new CubicCongestion() : new RenoCongestion());
        Receiver.Back = back(Sender);
    }

    public TcpSender Sender { get; }

    public TcpReceiver Receiver { get; }

    public long DeliveredBytes => Receiver.Next * TcpSender.SegmentBytes;

    public FlowSample Sample() => new((long)Sender.Window.Segments * TcpSender.SegmentBytes, 0, 0, Sender.SmoothedRoundTripNanos / Nanos.PerMicrosecond, "");
}

internal enum TcpVariant
{
    Reno,
    Cubic,
}
