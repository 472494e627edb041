namespace Utp.Transport.Connections.Ending;

/// <summary>How far the end of the output has got. It only ever moves to a larger value.</summary>
internal enum OutputEnd : byte
{
    /// <summary>The application may write.</summary>
    Open,

    /// <summary>The application has completed the pipe. A FIN follows its bytes.</summary>
    Completed,

    /// <summary>The connection takes no more bytes. It delivers those written before, and a FIN.</summary>
    Closing,

    /// <summary>The connection takes no more bytes. It delivers those written before, and a RESET.</summary>
    Resetting,

    /// <summary>Nothing is sent any more. What was not acknowledged is dropped.</summary>
    Closed,
}
