namespace Utp.Transport.Connections.Pipes;

/// <summary>What a connection's pipes tell it, from threads of the application and without any lock of theirs.</summary>
internal interface IPipeOwner
{
    /// <summary>Whether written bytes no longer go anywhere. Asked for with locks of the pipe.</summary>
    bool RefusesOutput { get; }

    /// <summary>An operation has ended: runs whoever awaits it, soon and on a thread that may run code of the application.</summary>
    void Wake(IThreadPoolWorkItem waiter);

    /// <summary>So many received bytes were read.</summary>
    void Consumed(long bytes);

    /// <summary>Nobody reads any more.</summary>
    void InputCompleted();

    /// <summary>There may be something to send.</summary>
    void OutputFlushed();

    /// <summary>There will be nothing more to send.</summary>
    void OutputCompleted();

    /// <summary>There will be nothing more to send, and something is missing. <see cref="OutputCompleted"/> follows.</summary>
    void OutputFailed(Exception exception);
}
