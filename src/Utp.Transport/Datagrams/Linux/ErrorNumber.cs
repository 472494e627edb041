using System.Net.Sockets;

namespace Utp.Transport.Datagrams.Linux;

/// <summary>Error numbers of errno(3) that x64 and arm64 share.</summary>
internal static class ErrorNumber
{
    public const int NotPermitted = 1;
    public const int Interrupted = 4;
    public const int InputOutput = 5;
    public const int BadDescriptor = 9;
    public const int TryAgain = 11;
    public const int OutOfMemory = 12;
    public const int Access = 13;
    public const int NoDevice = 19;
    public const int InvalidArgument = 22;
    public const int NotOnNetwork = 64;
    public const int Protocol = 71;
    public const int NotSocket = 88;
    public const int MessageTooLong = 90;
    public const int NoProtocolOption = 92;
    public const int NotSupported = 95;
    public const int AddressNotAvailable = 99;
    public const int NetworkUnreachable = 101;
    public const int NoBufferSpace = 105;
    public const int ConnectionRefused = 111;
    public const int HostDown = 112;
    public const int HostUnreachable = 113;

    /// <summary>
    /// Whether the error may come from an ICMP error. That one waits on the socket for the next call, whatever its destination, so the error number
    /// may be about another datagram or about the call itself.
    /// </summary>
    public static bool MayBeIcmpError(int error) => error is NetworkUnreachable or HostUnreachable or ConnectionRefused or MessageTooLong or HostDown
        or NoProtocolOption or NotSupported or Protocol or NotOnNetwork or Access;

    /// <summary>
    /// Whether a send may have failed because the host does not have its source address or interface, or cannot use it for this destination.
    /// </summary>
    public static bool MayBeSource(int error) => error is InvalidArgument or AddressNotAvailable or NetworkUnreachable or NoDevice;

    /// <summary>Maps an error number to the runtime's name, for the errors that callers distinguish.</summary>
    public static SocketError ToSocketError(int error) => error switch
    {
        TryAgain => SocketError.WouldBlock,
        NoBufferSpace or OutOfMemory => SocketError.NoBufferSpaceAvailable,
        MessageTooLong => SocketError.MessageSize,
        BadDescriptor or NotSocket => SocketError.NotSocket,
        InvalidArgument => SocketError.InvalidArgument,
        AddressNotAvailable or NoDevice => SocketError.AddressNotAvailable,
        NetworkUnreachable => SocketError.NetworkUnreachable,
        HostUnreachable => SocketError.HostUnreachable,
        HostDown => SocketError.HostDown,
        ConnectionRefused => SocketError.ConnectionRefused,
        NotPermitted or Access => SocketError.AccessDenied,
        _ => SocketError.SocketError,
    };

    public static SendOutcome ToSendOutcome(int error) => error switch
    {
        TryAgain or NoBufferSpace or OutOfMemory or Interrupted => SendOutcome.WouldBlock,
        MessageTooLong => SendOutcome.MessageTooLong,
        BadDescriptor or NotSocket => SendOutcome.Closed,
        _ => SendOutcome.Failed,
    };
}
