using Utp.Transport.Diagnostics;

namespace Utp.Transport.Sockets;

/// <content>Totals and snapshots for the meter.</content>
internal sealed partial class UtpSocket
{
    /// <summary>Totals since the socket opened. Any thread.</summary>
    public UtpTransportCounters ReadCounters() => Read(static socket => socket.CountersNow());

    /// <summary>A snapshot of every connection. Any thread.</summary>
    public List<UtpConnectionStatistics> ReadStatistics() => Read(static socket =>
    {
        var all = new List<UtpConnectionStatistics>(socket._unsettled.Count);
        foreach (var connection in socket._unsettled)
        {
            all.Add(connection.StatisticsNow());
        }

        return all;
    });

    private UtpTransportCounters CountersNow()
    {
        var totals = _settledTotals;
        foreach (var connection in _unsettled)
        {
            totals.Add(connection.CoreStatisticsNow());
        }

        var endpoint = _core.Statistics;
        return new UtpTransportCounters
        {
            PacketsReceived = endpoint.DatagramsReceived,
            PacketsSent = endpoint.DatagramsSent,
            PacketsNotUtp = _foreignDropped,
            PacketsRejected = endpoint.DatagramsMalformed + endpoint.DatagramsImplausible + endpoint.DatagramsForUnknownConnection,
            PacketsDroppedForMemory = _droppedForMemory,
            BytesReceived = totals.BytesReceived,
            BytesSent = totals.BytesSent,
            SegmentsRetransmitted = totals.SegmentsRetransmitted,
            RetransmissionTimeouts = totals.Timeouts,
            SynsDroppedBacklog = endpoint.SynsDroppedBacklog,
            SynsDroppedHalfOpen = endpoint.SynsDroppedHalfOpen,
            SynsDroppedPerAddress = endpoint.SynsDroppedPerAddress,
            ResetsReceived = endpoint.ResetsReceived,
            ResetsSent = endpoint.ResetsSent,
        };
    }
}
