using System.Net;
using Utp.Protocol;

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

    /// <summary>What the system granted, in bytes of payload and bookkeeping together; zero when unknown.</summary>
    int ReceiveBufferBytes { get; }

    int SendBufferBytes { get; }

    /// <summary>
    /// Waits for datagrams and fills <paramref name="batch"/>; false when <see cref="Wake"/> or <see cref="IDisposable.Dispose"/> ended the wait without any.
    /// Survives every transient socket error (they are counted in the batch).
    /// </summary>
    bool Receive(DatagramBatch batch);

    /// <summary>Sends a train of equal-sized segments (the last may be shorter) to one peer.</summary>
    SendOutcome Send(in Transmit transmit, ReadOnlySpan<byte> train, out int bytesSent);

    /// <summary>Waits until a send may succeed again, at most <paramref name="timeout"/>.</summary>
    bool WaitWritable(TimeSpan timeout);

    /// <summary>Makes a <see cref="Receive"/> that waits, or the next one, return. Any thread.</summary>
    void Wake();
}

internal enum SendOutcome
{
    Sent,

    /// <summary>The system's buffer is full: keep what was not sent (see bytesSent) and try again. Not loss.</summary>
    WouldBlock,

    /// <summary>EMSGSIZE: longer than the link allows without fragmentation.</summary>
    MessageTooLong,

    /// <summary>The system refused this destination (no route, unreachable, denied by a firewall). The datagrams are gone.</summary>
    Failed,

    Closed,
}
