namespace Utp.Protocol.Connections.Statistics;

/// <summary>Counts what a connection has sent and received.</summary>
internal struct TrafficCounters
{
    /// <summary>Payload bytes sent for the first time.</summary>
    public long BytesSent { get; private set; }

    /// <summary>Transmissions of segments, repeated ones included.</summary>
    public long SegmentsSent { get; private set; }

    /// <summary>Bare STATEs, keepalives included.</summary>
    public long AcksSent { get; private set; }

    /// <summary>Payload bytes received in order.</summary>
    public long BytesReceived { get; private set; }

    public long SegmentsReceived { get; private set; }

    public void OnNewBytesSent(int bytes) => BytesSent += bytes;

    public void OnSegmentSent() => SegmentsSent++;

    public void OnAckSent() => AcksSent++;

    public void OnBytesReceived(int bytes) => BytesReceived += bytes;

    public void OnSegmentReceived() => SegmentsReceived++;
}
