namespace Utp.Transport.Datagrams.Linux;

/// <summary>
/// The system calls of <see cref="LinuxDatagramChannel"/>, separate so that tests can make each of them fail in every way. The methods do not throw:
/// a negative result is an <see cref="ErrorNumber"/>.
/// </summary>
internal unsafe interface ILinuxSocket : IDisposable
{
    /// <summary>Receives messages; returns their number, or the negative error.</summary>
    /// <param name="entries">The entries to fill.</param>
    /// <param name="count">The maximum number of messages.</param>
    /// <param name="mayWait">Whether to wait a few milliseconds for the first message. It saves a poll each while datagrams come quickly.</param>
    int ReceiveMessages(MessageEntry* entries, int count, bool mayWait);

    /// <summary>Receives ICMP errors without waiting; returns their number, or the negative error.</summary>
    int ReceiveIcmpErrors(MessageEntry* entries, int count);

    /// <summary>Sends messages without waiting; returns their number, or the negative error of the first.</summary>
    int SendMessages(MessageEntry* entries, int count);

    /// <summary>Sends one message without waiting; returns the number of bytes sent, or the negative error.</summary>
    int SendMessage(MessageHeader* message);

    /// <summary>
    /// Waits for a datagram, an ICMP error, <see cref="Signal"/> or the timeout. Returns one when an ICMP error or another error is queued, else zero, or the
    /// negative error.
    /// </summary>
    /// <param name="timeoutMicros">The timeout; negative for no limit.</param>
    int WaitReadable(long timeoutMicros);

    /// <summary>
    /// Waits until the socket is writable. Returns one when it is (or is broken, which a send would report), zero after the timeout, or the negative
    /// error.
    /// </summary>
    int WaitWritable(int timeoutMilliseconds);

    /// <summary>Ends the current or the next <see cref="WaitReadable"/>. Any thread may call it.</summary>
    void Signal();

    /// <summary>Sets whether routers and this system may fragment datagrams of this family.</summary>
    void SetFragmentation(bool ipv4, bool allowed);

    /// <summary>As <see cref="IDatagramChannel.ReceiveDropCount"/>.</summary>
    long? ReadDropCount();
}
