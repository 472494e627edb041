namespace Utp.Transport;

/// <summary>Options of one listener: those of its connections, starting from the engine's.</summary>
public sealed class UtpListenerOptions : UtpConnectionOptions
{
}
