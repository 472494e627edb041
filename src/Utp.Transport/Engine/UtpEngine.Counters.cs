using Utp.Transport.Diagnostics;
using Utp.Transport.Sockets;

namespace Utp.Transport.Engine;

/// <content>Totals for the meter, and samples of connections while a meter listener is enabled.</content>
internal sealed partial class UtpEngine
{
    private static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(1);

    private ITimer? _sampleTimer;

    /// <summary>Gets the totals of all sockets, closed ones included. Any thread.</summary>
    public UtpTransportCounters ReadCounters()
    {
        UtpTransportCounters sum;
        UtpSocketGroup[] groups;
        SocketShard[] closing;
        lock (_lock)
        {
            sum = _closedCounters with { TraceRecordsDropped = _trace?.DroppedCount ?? 0 };
            groups = [.. _groups.Values];
            closing = [.. _closing];
        }

        sum = ShardsOf(groups).Concat(closing).Aggregate(sum, (total, socket) => Sum(total, socket.ReadCounters()));
        return sum with { AcceptQueueLength = groups.Sum(group => group.AcceptQueueLength) };
    }

    private static UtpTransportCounters Sum(in UtpTransportCounters a, in UtpTransportCounters b) => new()
    {
        PacketsReceived = a.PacketsReceived + b.PacketsReceived,
        PacketsSent = a.PacketsSent + b.PacketsSent,
        PacketsNotUtp = a.PacketsNotUtp + b.PacketsNotUtp,
        NonUtpReceived = a.NonUtpReceived + b.NonUtpReceived,
        NonUtpSent = a.NonUtpSent + b.NonUtpSent,
        PacketsRejected = a.PacketsRejected + b.PacketsRejected,
        PacketsDroppedForMemory = a.PacketsDroppedForMemory + b.PacketsDroppedForMemory,
        BytesReceived = a.BytesReceived + b.BytesReceived,
        BytesSent = a.BytesSent + b.BytesSent,
        SegmentsRetransmitted = a.SegmentsRetransmitted + b.SegmentsRetransmitted,
        RetransmissionTimeouts = a.RetransmissionTimeouts + b.RetransmissionTimeouts,
        SynsDroppedBacklog = a.SynsDroppedBacklog + b.SynsDroppedBacklog,
        SynsDroppedHalfOpen = a.SynsDroppedHalfOpen + b.SynsDroppedHalfOpen,
        SynsDroppedPerAddress = a.SynsDroppedPerAddress + b.SynsDroppedPerAddress,
        SynsRefusedByFilter = a.SynsRefusedByFilter + b.SynsRefusedByFilter,
        SynsDroppedOverLimit = a.SynsDroppedOverLimit + b.SynsDroppedOverLimit,
        ResetsReceived = a.ResetsReceived + b.ResetsReceived,
        ResetsSent = a.ResetsSent + b.ResetsSent,
        TraceRecordsDropped = a.TraceRecordsDropped + b.TraceRecordsDropped,
    };

    /// <summary>Starts to sample with the first socket. Without metrics there is no timer.</summary>
    private void StartSampling()
    {
        if (Metrics is not null && _sampleTimer is null)
        {
            using var noFlow = ExecutionContext.SuppressFlow();
            _sampleTimer = Clock.TimeProvider.CreateTimer(static state => ((UtpEngine)state!).SampleConnections(), this, SampleInterval, SampleInterval);
        }
    }

    private void SampleConnections()
    {
        if (Metrics is not { SamplesConnections: true } metrics)
        {
            return;
        }

        foreach (var socket in ShardsOf(AllGroups()))
        {
            // Recorded outside the turn: metric listeners are code of the application.
            foreach (var statistics in socket.ReadStatistics())
            {
                metrics.SampleConnection(statistics);
            }
        }
    }
}
