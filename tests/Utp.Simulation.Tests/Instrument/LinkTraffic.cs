using Utp.Simulation.Network;

namespace Utp.Simulation.Tests.Instrument;

/// <summary>Sends numbered datagrams over one link at a steady pace and keeps what arrives.</summary>
internal sealed class LinkTraffic : INode, IDisposable
{
    public LinkTraffic(LinkSettings settings, ulong seed = 1)
    {
        Run = new SimulationRun(seed);
        Link = new Link(Run, settings);
        Route = new Route(this, Link);
    }

    public SimulationRun Run { get; }

    public Link Link { get; }

    public Route Route { get; }

    public List<Arrival> Arrivals { get; } = [];

    public void Receive(Packet packet)
    {
        Arrivals.Add(new Arrival(BitConverter.ToInt32(packet.Buffer), Run.Now, packet.WireBytes));
        Run.Packets.Return(packet);
    }

    /// <summary>Offers datagrams of a UDP payload length, one each interval, starting at once.</summary>
    public LinkTraffic Offer(int count, long intervalNanos, int length = 1_472, bool allowFragmentation = false)
    {
        for (var i = 0; i < count; i++)
        {
            var number = i;
            Run.At(i * intervalNanos, () => Send(number, length, allowFragmentation));
        }

        return this;
    }

    public LinkTraffic Finish()
    {
        Run.RunUntil(long.MaxValue / 2);
        return this;
    }

    public void Dispose() => Run.Dispose();

    private void Send(int number, int length, bool allowFragmentation)
    {
        var packet = Run.Packets.Rent();
        BitConverter.TryWriteBytes(packet.Buffer, number);
        packet.Length = length;
        packet.AllowFragmentation = allowFragmentation;
        packet.WireBytes = length + Packet.UdpBytes + Packet.IPv4Bytes + Packet.EthernetBytes;
        Route.Send(packet);
    }

    internal readonly record struct Arrival(int Number, long At, int WireBytes);
}
