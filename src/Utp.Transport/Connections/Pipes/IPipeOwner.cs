namespace Utp.Transport.Connections.Pipes;

/// <summary>What a connection's pipes tell the connection, from threads of the application and without a lock of the pipe.</summary>
internal interface IPipeOwner
{
    /// <summary>Whether the connection takes no more bytes. Read with the locks of the pipe.</summary>
    bool RefusesOutput { get; }

    /// <summary>Runs what awaits an operation that has ended, soon and on a thread that may run code of the application.</summary>
    void Wake(IThreadPoolWorkItem waiter);

    /// <summary>Reports how many received bytes the application has read.</summary>
    void Consumed(long bytes);

    /// <summary>Reports that the application reads no more.</summary>
    void InputCompleted();

    /// <summary>Reports that there may be something to send.</summary>
    void OutputFlushed();

    /// <summary>Reports that the application writes no more.</summary>
    void OutputCompleted();

    /// <summary>Reports that the application writes no more, and that something is missing. <see cref="OutputCompleted"/> follows.</summary>
    void OutputFailed(Exception exception);
}
