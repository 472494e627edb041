namespace Utp.Simulation.Network;

/// <summary>Counts the events of a link, in packets unless the name says otherwise.</summary>
internal sealed class LinkCounters
{
    public long Offered;
    public long Delivered;
    public long DeliveredBytes;
    public long Lost;
    public long TooLong;
    public long Fragmented;
    public long QueueDrops;
    public long ActiveQueueDrops;
    public long Duplicated;
    public long Reordered;
}
