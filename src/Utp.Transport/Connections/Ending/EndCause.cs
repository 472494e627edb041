namespace Utp.Transport.Connections.Ending;

/// <summary>What changes how a connection ends. <see cref="ConnectionEnd"/> has the table of their effects.</summary>
internal enum EndCause : byte
{
    /// <summary>The application has completed <c>Input</c>.</summary>
    InputCompleted,

    /// <summary>The application has completed <c>Output</c>, and the core knows every byte of it.</summary>
    OutputCompleted,

    /// <summary>The application has completed both pipes without asking for a half-close.</summary>
    BothPipesCompleted,

    /// <summary>The application has disposed the connection.</summary>
    Disposed,

    /// <summary>The application or the engine asks for a graceful close: <c>Abort(null)</c>.</summary>
    CloseRequested,

    /// <summary>The engine stops.</summary>
    EngineStops,

    /// <summary>The peer's FIN has been reached: every byte before it was received.</summary>
    PeerFinished,

    /// <summary>The peer has acknowledged every byte and the FIN.</summary>
    FinAcknowledged,

    /// <summary>This side resets the connection: on request, or because it cannot go on.</summary>
    Aborted,

    /// <summary>The core has ended the connection: a RESET, a timeout, an ICMP error, or a graceful close that is complete.</summary>
    ClosedByCore,

    /// <summary>The UDP socket has failed, or the engine has closed it.</summary>
    SocketGone,

    /// <summary>The core keeps a closed connection for a while, to acknowledge a repeated FIN.</summary>
    CoreLingers,

    /// <summary>The core has forgotten the connection, or has never had it.</summary>
    CoreReleased,
}
