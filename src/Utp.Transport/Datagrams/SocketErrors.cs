using System.Net.Sockets;

namespace Utp.Transport.Datagrams;

/// <summary>Classifies the socket errors of .NET, for the portable channel. For system calls on Linux, <c>Linux/ErrorNumber.cs</c> does it.</summary>
internal static class SocketErrors
{
    public static SendOutcome ToSendOutcome(SocketError error) => error switch
    {
        SocketError.Success => SendOutcome.Sent,
        SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable or SocketError.IOPending or SocketError.InProgress
            or SocketError.TimedOut or SocketError.Interrupted => SendOutcome.WouldBlock,
        SocketError.MessageSize => SendOutcome.MessageTooLong,
        SocketError.OperationAborted or SocketError.NotSocket or SocketError.Shutdown or SocketError.Disconnecting
            or SocketError.NotInitialized => SendOutcome.Closed,

        // Any other error is about this destination or this one call: unreachable, denied, reset, out of range. The socket stays usable, and to the
        // connection a false report looks like loss.
        _ => SendOutcome.Failed,
    };

    /// <summary>Whether a send may have failed because the host does not have its source address, or cannot use it for this destination.</summary>
    public static bool MayBeSource(SocketError error) =>
        error is SocketError.InvalidArgument or SocketError.AddressNotAvailable or SocketError.NetworkUnreachable;

    /// <summary>Whether the error means only that no datagram is there.</summary>
    public static bool IsNothingReceived(SocketError error) =>
        error is SocketError.WouldBlock or SocketError.TimedOut or SocketError.IOPending;
}
