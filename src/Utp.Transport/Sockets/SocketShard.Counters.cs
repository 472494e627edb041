using Utp.Transport.Diagnostics;

namespace Utp.Transport.Sockets;

/// <content>Totals and snapshots, which the meter reads from any thread.</content>
internal sealed partial class SocketShard
{
    /// <summary>Gets the totals since the socket opened. Any thread.</summary>
    public UtpTransportCounters ReadCounters() => Read(static socket => socket.CountersNow());

    /// <summary>Gets a snapshot of every connection. Any thread.</summary>
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

        var socket = _core.Statistics;
        return new UtpTransportCounters
        {
            PacketsReceived = socket.DatagramsReceived + _requestsRefused + _requestsOverLimit,
            PacketsSent = socket.DatagramsSent,
            PacketsNotUtp = _nonUtpDropped,
            NonUtpReceived = _nonUtpReceived,
            NonUtpSent = _nonUtpSent,
            PacketsRejected = socket.DatagramsMalformed + socket.DatagramsImplausible + socket.DatagramsForUnknownConnection,
            PacketsDroppedForMemory = _droppedForMemory,
            BytesReceived = totals.BytesReceived,
            BytesSent = totals.BytesSent,
            SegmentsRetransmitted = totals.SegmentsRetransmitted,
            RetransmissionTimeouts = totals.Timeouts,
            SynsDroppedBacklog = socket.SynsDroppedBacklog,
            SynsDroppedHalfOpen = socket.SynsDroppedHalfOpen,
            SynsDroppedPerAddress = socket.SynsDroppedPerAddress,
            SynsRefusedByFilter = _requestsRefused,
            SynsDroppedOverLimit = _requestsOverLimit + _confirmationsOverLimit,
            ResetsReceived = socket.ResetsReceived,
            ResetsSent = socket.ResetsSent,
        };
    }
}
