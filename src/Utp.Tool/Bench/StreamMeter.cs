using Microsoft.AspNetCore.Connections;

namespace Utp.Tool.Bench;

/// <summary>What one stream has done so far. The stream writes it, and the reporter reads it.</summary>
internal sealed class StreamMeter
{
    private long _bytes;
    private long _messages;
    private long _connects;
    private long _endedSegmentsSent;
    private long _endedSegmentsRetransmitted;
    private IUtpConnectionFeature? _feature;

    /// <summary>Whether there are segments to count: not over TCP.</summary>
    public bool IsUtp { get; private set; }

    public long Bytes => Volatile.Read(ref _bytes);

    public long Messages => Volatile.Read(ref _messages);

    public long Connects => Volatile.Read(ref _connects);

    public LatencyHistogram Latency { get; } = new();

    /// <summary>The open connection's measurements; null over TCP, and between connections.</summary>
    public UtpConnectionStatistics? Statistics => Volatile.Read(ref _feature)?.Statistics;

    public long SegmentsSent => _endedSegmentsSent + (Statistics?.SegmentsSent ?? 0);

    public long SegmentsRetransmitted => _endedSegmentsRetransmitted + (Statistics?.SegmentsRetransmitted ?? 0);

    public void Attach(ConnectionContext connection)
    {
        Volatile.Write(ref _feature, connection.Features.Get<IUtpConnectionFeature>());
        IsUtp |= _feature is not null;
    }

    /// <summary>Keeps the counts of a connection that is about to close.</summary>
    public void Detach()
    {
        if (Statistics is { } statistics)
        {
            Volatile.Write(ref _feature, null);
            _endedSegmentsSent += statistics.SegmentsSent;
            _endedSegmentsRetransmitted += statistics.SegmentsRetransmitted;
        }
    }

    public void AddBytes(long count) => Volatile.Write(ref _bytes, _bytes + count);

    public void AddMessage() => Volatile.Write(ref _messages, _messages + 1);

    public void AddMessages(long count) => Volatile.Write(ref _messages, _messages + count);

    public void AddConnect() => Volatile.Write(ref _connects, _connects + 1);
}
