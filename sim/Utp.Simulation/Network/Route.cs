namespace Utp.Simulation.Network;

/// <summary>The links from one node to another, in order.</summary>
internal sealed class Route(INode destination, params Link[] links)
{
    public static Route None { get; } = new(null!);

    public INode Destination { get; } = destination;

    public Link[] Links { get; } = links;

    /// <summary>Puts a packet on the first link. Ownership passes to the network.</summary>
    public void Send(Packet packet)
    {
        packet.Route = this;
        packet.Hop = 0;
        Links[0].Enqueue(packet);
    }
}

/// <summary>The end of a route.</summary>
internal interface INode
{
    /// <summary>Takes a packet that has arrived. The node must return it to the pool.</summary>
    void Receive(Packet packet);
}
