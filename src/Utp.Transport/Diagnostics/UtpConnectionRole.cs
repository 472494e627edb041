namespace Utp.Transport.Diagnostics;

/// <summary>Which side opened a connection.</summary>
internal enum UtpConnectionRole
{
    /// <summary>This process connected.</summary>
    Client,

    /// <summary>This process accepted.</summary>
    Server,
}
