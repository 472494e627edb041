namespace Utp.Transport.Connections.Ending;

/// <summary>Whether the application still has the connection. It only ever moves to a larger value.</summary>
internal enum Interest : byte
{
    /// <summary>The application has the connection, or is about to get it.</summary>
    Attached,

    /// <summary><c>ConnectionClosed</c> has fired: the application is to let go of the connection.</summary>
    Detached,

    /// <summary>The connection no longer counts as one that the application has.</summary>
    Ended,
}
