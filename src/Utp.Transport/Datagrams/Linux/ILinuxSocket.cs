namespace Utp.Transport.Datagrams.Linux;

/// <summary>
/// The few system calls of <see cref="LinuxDatagramChannel"/>, apart so that tests can make each of them fail in every way. Nothing is
/// thrown: a negative result is an <see cref="ErrorNumber"/>.
/// </summary>
internal unsafe interface ILinuxSocket : IDisposable
{
    /// <summary>Messages received, or the negative error.</summary>
    /// <param name="entries">Where to.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="mayWait">Whether to wait a few milliseconds for the first: while datagrams come in quick succession that saves the poll between them.</param>
    int ReceiveMessages(MessageEntry* entries, int count, bool mayWait);

    /// <summary>Does not wait. Reports of the network received, or the negative error.</summary>
    int ReceiveReports(MessageEntry* entries, int count);

    /// <summary>Does not wait. Messages sent, or the negative error of the first.</summary>
    int SendMessages(MessageEntry* entries, int count);

    /// <summary>Does not wait. Bytes sent, or the negative error.</summary>
    int SendMessage(MessageHeader* message);

    /// <summary>
    /// Waits for a datagram, a report, <see cref="Signal"/> or the timeout. One when a report or an error waits, zero, or the negative error.
    /// </summary>
    /// <param name="timeoutMicros">Negative for no limit.</param>
    int WaitReadable(long timeoutMicros);

    /// <summary>One when writable (or broken, which a send would tell), zero after the timeout, or the negative error.</summary>
    int WaitWritable(int timeoutMilliseconds);

    /// <summary>Ends a <see cref="WaitReadable"/> that runs, or the next one. Any thread.</summary>
    void Signal();

    /// <summary>Whether routers and the own system may cut datagrams of this family that are too long.</summary>
    void SetFragmentation(bool ipv4, bool allowed);

    /// <summary>As <see cref="IDatagramChannel.ReceiveDropCount"/>.</summary>
    long? ReadDropCount();
}
