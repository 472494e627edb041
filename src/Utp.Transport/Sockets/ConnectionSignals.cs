namespace Utp.Transport.Sockets;

/// <summary>What other threads ask the turn to do with a connection. They are flags, so asking twice costs no more than asking once.</summary>
[Flags]
internal enum ConnectionSignals
{
    None = 0,

    /// <summary>The connection is in the queue of posted connections, or is about to be.</summary>
    Queued = 1,

    /// <summary>Begin the handshake.</summary>
    Connect = 2,

    /// <summary>Abandon the handshake.</summary>
    CancelConnect = 4,

    /// <summary>The application has flushed or completed the output pipe.</summary>
    Output = 8,

    /// <summary>The application has consumed enough received bytes to open the receive window noticeably.</summary>
    Consumed = 16,

    /// <summary>The application has completed the input pipe.</summary>
    InputCompleted = 32,

    /// <summary>Close gracefully. A reader sees that this side has closed the connection.</summary>
    Close = 64,

    /// <summary>Close gracefully. The application has completed both pipes.</summary>
    Dispose = 128,

    /// <summary>Reset the connection.</summary>
    Abort = 256,

    /// <summary>End the handshake: the system refuses to send the request to connect.</summary>
    Unsendable = 512,

    /// <summary>The engine stops: close gracefully if the application has completed its output, and otherwise reset after the written bytes.</summary>
    EngineStops = 1_024,

    /// <summary>A setting of the connection has changed: send what may leave now.</summary>
    Changed = 2_048,
}
