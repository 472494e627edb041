namespace Utp.Interop.Tests.Peers;

/// <summary>libutp reported an error of its own (UTP_ECONNREFUSED, UTP_ECONNRESET, UTP_ETIMEDOUT), or its process ended.</summary>
internal sealed class PeerException(string message) : Exception(message);
