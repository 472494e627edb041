namespace Utp.Transport.Connections;

/// <summary>What logs and metrics have been told about a connection.</summary>
internal enum RecordedLife : byte
{
    /// <summary>Nothing. A connection that ends now was never the application's, and its end is not recorded.</summary>
    Nothing,

    /// <summary>That it was established.</summary>
    Established,

    /// <summary>That it has ended.</summary>
    Ended,
}
