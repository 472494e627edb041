namespace Utp.Transport.Diagnostics;

/// <summary>Specifies which side opened a connection.</summary>
internal enum UtpConnectionRole
{
    /// <summary>This process opened the connection.</summary>
    Client,

    /// <summary>This process accepted the connection.</summary>
    Server,
}
