namespace Utp.Transport.Connections.Ending;

/// <summary>The two ends of the input pipe. They end in any order.</summary>
[Flags]
internal enum InputEnd : byte
{
    /// <summary>Received bytes go to the application.</summary>
    Open = 0,

    /// <summary>The application reads no more. Received bytes count as consumed.</summary>
    Abandoned = 1,

    /// <summary>The connection has completed the pipe: the application sees the end of the stream, or an error.</summary>
    Ended = 2,
}
