namespace Utp.Transport.Sockets;

/// <summary>How much of the processor's cache each connection of a socket may fill with unacknowledged bytes. Used within the turn.</summary>
/// <remarks>
/// What is written is read again when it is sent. Over a path shorter than a millisecond that happens soon, and from the processor's caches if
/// the bytes of all connections together fit them; there more than a fraction of a millisecond's worth brings nothing. Over a longer path a
/// connection may hold more in proportion, because it needs all that is in flight, and time to be woken.
/// </remarks>
internal sealed class BufferShare
{
    /// <summary>For all connections together: the share of the level-3 cache that a server's core commonly has.</summary>
    private const long BytesPerMillisecond = 4 * 1024 * 1024;

    /// <summary>Two trains: one on its way and one to follow.</summary>
    private const long MinBytes = 2 * SocketShard.TrainBytes;

    private int _holderCount;

    /// <summary>Notes that a connection has a different number of unacknowledged bytes than before.</summary>
    public void Update(long bytesBefore, long bytes)
    {
        if ((bytes > 0) != (bytesBefore > 0))
        {
            _holderCount += bytes > 0 ? 1 : -1;
        }
    }

    /// <summary>Gets how many bytes a connection may hold before its application has to wait: its send buffer, or less.</summary>
    /// <param name="sendBufferSize">The connection's <see cref="UtpConnectionOptions.SendBufferSize"/>.</param>
    /// <param name="roundTripMicros">The shortest round trip seen; zero for none yet.</param>
    public int Of(int sendBufferSize, long roundTripMicros) => Of(sendBufferSize, roundTripMicros, _holderCount);

    /// <summary>Gets the same for a number of connections that hold unacknowledged bytes.</summary>
    internal static int Of(int sendBufferSize, long roundTripMicros, int holderCount)
    {
        var share = Math.Max(MinBytes, BytesPerMillisecond / Math.Max(1, holderCount));
        return (int)Math.Min(sendBufferSize, share * Math.Max(1_000, roundTripMicros) / 1_000);
    }
}
