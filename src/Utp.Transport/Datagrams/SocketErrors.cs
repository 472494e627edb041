using System.Net.Sockets;

namespace Utp.Transport.Datagrams;

/// <summary>What a socket error means for a datagram that was to be sent, and for a receive.</summary>
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

        // Anything else is the system's verdict on this destination, or on this one call: unreachable, denied, reset, out of range.
        // The socket itself lives on, and a verdict that was wrong looks like loss to the connection.
        _ => SendOutcome.Failed,
    };

    /// <summary>What a send may fail with whose source address the host does not have, or not for this destination.</summary>
    public static bool MayBeSource(SocketError error) =>
        error is SocketError.InvalidArgument or SocketError.AddressNotAvailable or SocketError.NetworkUnreachable;

    /// <summary>Not an error but the absence of datagrams.</summary>
    public static bool IsNothingReceived(SocketError error) =>
        error is SocketError.WouldBlock or SocketError.TimedOut or SocketError.IOPending;
}
