namespace Utp.Transport.Sockets;

/// <summary>What an application thread asks of the executor: flags of the connection, so that asking twice costs no more than asking once.</summary>
[Flags]
internal enum ConnectionSignals
{
    None = 0,

    /// <summary>The connection is, or is about to be, in the queue of posted ones.</summary>
    Queued = 1,

    Connect = 2,

    CancelConnect = 4,

    /// <summary>Bytes were flushed to the output pipe, or it was completed.</summary>
    Output = 8,

    /// <summary>Enough received bytes were consumed to be worth telling the peer.</summary>
    Consumed = 16,

    /// <summary>The application completed its end of the input pipe.</summary>
    InputCompleted = 32,

    /// <summary>Close gracefully, and tell a reader that this side did it.</summary>
    Close = 64,

    /// <summary>Close gracefully; nobody reads any more.</summary>
    Dispose = 128,

    Abort = 256,

    /// <summary>The system will not send the request to connect.</summary>
    Unsendable = 512,

    /// <summary>The engine stops: close gracefully if the application has finished, and otherwise reset after what is already written.</summary>
    EngineStops = 1_024,
}
