using System.Net;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;

namespace Utp.Transport.Datagrams;

/// <summary>
/// The only doorway to a network: a bound UDP socket, or a stand-in for one. One thread receives, one at a time sends; both may run together.
/// Nothing here throws for what a network does: outcomes are values.
/// </summary>
internal interface IDatagramChannel : IDisposable
{
    /// <summary>The address really bound (port 0 resolved).</summary>
    IPEndPoint LocalEndPoint { get; }

    /// <summary>"portable", "mmsg" or "offload": what the log and benchmarks call it.</summary>
    string Name { get; }

    /// <summary>Segments that one <see cref="Send"/> should carry at most. At least 1.</summary>
    int MaxSegmentsPerTrain { get; }

    /// <summary>Whether trains are left to the system to cut (<see cref="Transmit.IsUnsegmented"/> excepted).</summary>
    bool SegmentsTrains => false;

    /// <summary>
    /// What the system granted, in the unit it was asked in; zero when unknown. Linux sets aside as much again for its bookkeeping, and
    /// that is not included: a datagram of 1,400 bytes takes 2,304 bytes of the double, so this is roughly the payload that can wait.
    /// </summary>
    int ReceiveBufferBytes { get; }

    int SendBufferBytes { get; }

    /// <summary>Datagrams that the system has dropped for want of receive buffer since the socket was opened; null when it does not tell.</summary>
    long? ReceiveDropCount => null;

    /// <summary>A batch that suits <see cref="Receive"/>: entries hold whatever may arrive, 64 KiB.</summary>
    DatagramBatch CreateBatch() => new(capacity: 32, bytesPerEntry: 64 * 1024);

    /// <summary>
    /// Waits for datagrams, or reports of the network, and fills <paramref name="batch"/>; false when the deadline, <see cref="Wake"/> or
    /// <see cref="IDisposable.Dispose"/> ended the wait without any. Survives every transient socket error (they are counted in the batch).
    /// </summary>
    /// <param name="batch">Cleared first.</param>
    /// <param name="deadline">When to return at the latest, on the clock of the channel. After it, what has arrived is still received.</param>
    bool Receive(DatagramBatch batch, Instant deadline);

    /// <summary>
    /// Sends a train of equal-sized segments (the last may be shorter) to one peer, from <see cref="Transmit.Local"/> where the system can choose.
    /// </summary>
    SendOutcome Send(in Transmit transmit, ReadOnlySpan<byte> train, out int bytesSent);

    /// <summary>Waits until a send may succeed again, at most <paramref name="timeout"/>.</summary>
    bool WaitWritable(TimeSpan timeout);

    /// <summary>Makes a <see cref="Receive"/> that waits, or the next one, return. Any thread.</summary>
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

    /// <summary>The system refused the train, and took its datagrams one by one.</summary>
    SentOneByOne,

    /// <summary>The system's buffer is full: keep what was not sent (see bytesSent) and try again. Not loss.</summary>
    WouldBlock,

    /// <summary>EMSGSIZE: longer than the link allows without fragmentation.</summary>
    MessageTooLong,

    /// <summary>
    /// The system refused to send from <see cref="Transmit.Local"/>, or this destination from there; what it refused is what bytesSent leaves. The
    /// host may have lost the address: without it the train may pass.
    /// </summary>
    SourceUnavailable,

    /// <summary>The system refused this destination (no route, unreachable, denied by a firewall). The datagrams are gone.</summary>
    Failed,

    Closed,
}
