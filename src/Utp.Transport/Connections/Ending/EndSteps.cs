namespace Utp.Transport.Connections.Ending;

/// <summary>What a change of <see cref="ConnectionEnd"/> obliges the connection to do, in the order of the values.</summary>
[Flags]
internal enum EndSteps : ushort
{
    None = 0,

    /// <summary>Abort the core, which sends a RESET.</summary>
    ResetPeer = 1,

    /// <summary>Count unread bytes as consumed, which opens the receive window.</summary>
    ReturnWindow = 2,

    /// <summary>Complete the input pipe, with the cause's error if it has one.</summary>
    CompleteInput = 4,

    /// <summary>Resume a flush that waits: the connection takes no more bytes.</summary>
    RefuseOutput = 8,

    /// <summary>Drop the bytes that the peer has not acknowledged.</summary>
    DropOutput = 16,

    /// <summary>Tell the core that a FIN follows the bytes it knows.</summary>
    FinishCore = 32,

    /// <summary>Tell the core to close: a FIN, and received bytes are dropped.</summary>
    CloseCore = 64,

    /// <summary>Complete the task of <see cref="IUtpConnectionFeature.CompleteWritesAsync"/>.</summary>
    SignalDelivered = 128,

    /// <summary>Dispose the lease: the connection no longer counts against <c>MaxConnections</c> of its client.</summary>
    ReturnLease = 256,

    /// <summary>Fire <c>ConnectionClosed</c>, and complete a dispose that waits.</summary>
    Detach = 512,

    /// <summary>Keep the last statistics, and record the end.</summary>
    Settle = 1_024,

    /// <summary>Let the socket keep the reference for as long as the core lingers.</summary>
    LendReference = 2_048,

    /// <summary>Give the reference to the socket back.</summary>
    ReleaseReference = 4_096,
}
