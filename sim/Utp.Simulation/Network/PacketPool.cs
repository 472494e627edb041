namespace Utp.Simulation.Network;

internal sealed class PacketPool
{
    private readonly Stack<Packet> _free = new();

    /// <summary>Number of packets rented and not returned: those under way. Zero once a network has come to rest.</summary>
    public int Outstanding { get; private set; }

    public Packet Rent()
    {
        Outstanding++;
        if (!_free.TryPop(out var packet))
        {
            return new Packet();
        }

        packet.Length = 0;
        packet.Hop = 0;
        packet.AllowFragmentation = false;
        packet.Tcp.SackBlockCount = 0;
        return packet;
    }

    public void Return(Packet packet)
    {
        Outstanding--;
        packet.Route = Route.None;
        _free.Push(packet);
    }
}
