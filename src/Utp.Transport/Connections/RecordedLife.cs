namespace Utp.Transport.Connections;

/// <summary>What logs and metrics have been told about a connection.</summary>
internal enum RecordedLife : byte
{
    /// <summary>Nothing. The application does not have the connection yet; if it ends now, its end is not recorded.</summary>
    Nothing,

    /// <summary>The connection was established.</summary>
    Established,

    /// <summary>The connection has ended.</summary>
    Ended,
}
