using Utp.Protocol.Connections.Statistics;

namespace Utp.Transport.Sockets;

/// <summary>Sums over connections that have ended. They are kept so that totals never fall.</summary>
internal struct ConnectionTotals
{
    public long BytesReceived;
    public long BytesSent;
    public long SegmentsRetransmitted;
    public long Timeouts;

    public void Add(in ConnectionStatistics statistics)
    {
        BytesReceived += statistics.BytesReceived;
        BytesSent += statistics.BytesSent;
        SegmentsRetransmitted += statistics.SegmentsRetransmitted;
        Timeouts += statistics.Timeouts;
    }
}
