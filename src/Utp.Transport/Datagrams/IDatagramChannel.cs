using System.Net;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;

namespace Utp.Transport.Datagrams;

/// <summary>
/// The only access to a network: a bound UDP socket, or a test double. One thread receives, one thread at a time sends, and both may run together.
/// The methods do not throw for what a network does: outcomes are values.
/// </summary>
internal interface IDatagramChannel : IDisposable
{
    /// <summary>The address that the socket is bound to, with port 0 resolved.</summary>
    IPEndPoint LocalEndPoint { get; }

    /// <summary>The name in the log and in benchmarks: "portable", "mmsg" or "offload".</summary>
    string Name { get; }

    /// <summary>The maximum number of segments that one <see cref="Send"/> should carry. At least 1.</summary>
    int MaxSegmentsPerTrain { get; }

    /// <summary>Whether the system cuts trains into datagrams (except with <see cref="Transmit.IsUnsegmented"/>).</summary>
    bool SegmentsTrains => false;

    /// <summary>
    /// The size that the system granted, in the unit of the request; zero when unknown. Linux reserves the same amount again for its bookkeeping,
    /// which is not included: a datagram of 1,400 bytes takes 2,304 bytes of the double, so this is roughly the payload that can wait.
    /// </summary>
    int ReceiveBufferBytes { get; }

    int SendBufferBytes { get; }

    /// <summary>Number of datagrams dropped since the socket was opened because its receive buffer was full; null when the system does not report it.</summary>
    long? ReceiveDropCount => null;

    /// <summary>Creates a batch for <see cref="Receive"/>. Its entries hold any datagram: 64 KiB.</summary>
    DatagramBatch CreateBatch() => new(capacity: 32, bytesPerEntry: 64 * 1024);

    /// <summary>
    /// Waits for datagrams or ICMP errors and fills <paramref name="batch"/>. Returns false when the deadline, <see cref="Wake"/> or
    /// <see cref="IDisposable.Dispose"/> ended the wait without any. Survives every transient socket error and counts it in the batch.
    /// </summary>
    /// <param name="batch">The batch; it is cleared first.</param>
    /// <param name="deadline">The latest time to return, on the clock of the channel. After it, the channel still receives what has arrived.</param>
    bool Receive(DatagramBatch batch, Instant deadline);

    /// <summary>
    /// Sends a train of equal-sized segments (the last may be shorter) to one peer, from <see cref="Transmit.Local"/> where the system can choose.
    /// </summary>
    SendOutcome Send(in Transmit transmit, ReadOnlySpan<byte> train, out int bytesSent);

    /// <summary>Waits until a send may succeed again, at most <paramref name="timeout"/>.</summary>
    bool WaitWritable(TimeSpan timeout);

    /// <summary>Makes the current or the next <see cref="Receive"/> return. Any thread may call it.</summary>
    void Wake();
}

internal static class DatagramChannelExtensions
{
    /// <summary>Receives without a deadline.</summary>
    public static bool Receive(this IDatagramChannel channel, DatagramBatch batch) => channel.Receive(batch, Instant.Never);
}

internal enum SendOutcome
{
    Sent,

    /// <summary>The system refused the train and accepted its datagrams one by one.</summary>
    SentOneByOne,

    /// <summary>
    /// The system's buffer is full (EAGAIN, ENOBUFS): keep what was not sent (see bytesSent) and try again. This is not loss. After ENOBUFS the channel
    /// pauses (<see cref="BackOff.PauseForBuffers"/>), because the socket still says that it is writable.
    /// </summary>
    WouldBlock,

    /// <summary>EMSGSIZE: the datagram is longer than the link allows without fragmentation.</summary>
    MessageTooLong,

    /// <summary>
    /// The system refused to send from <see cref="Transmit.Local"/>, or to this destination from there; bytesSent does not include what it refused.
    /// The host may have lost the address: the train may pass without it.
    /// </summary>
    SourceUnavailable,

    /// <summary>The system refused this destination (no route, unreachable, denied by a firewall). The datagrams are lost.</summary>
    Failed,

    Closed,
}
