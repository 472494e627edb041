using System.Net.Sockets;
using System.Runtime.InteropServices;
using Utp.Protocol.Addresses;
using Utp.Protocol.Sending;

namespace Utp.Transport.Datagrams.Linux;

// The kernel's structures as 64-bit Linux lays them out (x64 and arm64 alike): socket(7), recvmmsg(2), cmsg(3), poll(2).

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    public byte* Base;
    public nuint Length;
}

/// <summary><c>struct msghdr</c>, 56 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessageHeader
{
    public byte* Name;
    public uint NameLength;
    public IoVector* Vectors;
    public nuint VectorCount;
    public byte* Control;
    public nuint ControlLength;
    public int Flags;
}

/// <summary><c>struct mmsghdr</c>, 64 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MessageEntry
{
    public MessageHeader Header;

    /// <summary>Bytes received or sent.</summary>
    public uint Length;
}

/// <summary><c>struct cmsghdr</c>, 16 bytes. Its data follows, and the next one begins at a multiple of eight.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ControlHeader
{
    public const int Bytes = 16;

    /// <summary>Length of header and data, without the padding.</summary>
    public nuint Length;
    public int Level;
    public int Type;

    public static int Align(int length) => (length + 7) & ~7;

    /// <summary>Gets the control message at this offset of a received message's control data; null if none with all of its data is there.</summary>
    public static unsafe ControlHeader* At(in MessageHeader header, int offset)
    {
        var control = (ControlHeader*)(header.Control + offset);
        return offset + Bytes <= (int)header.ControlLength && control->Length >= Bytes && control->Length <= header.ControlLength - (nuint)offset
            ? control
            : null;
    }

    /// <summary>Gets the address that the datagram was sent to, if the socket was asked to report it.</summary>
    public static unsafe LocalAddress FindLocalAddress(in MessageHeader header)
    {
        LocalAddress local = default;
        var offset = 0;
        for (var control = At(header, offset); control is not null; control = At(header, offset))
        {
            PacketInformation.Read(control, ref local);
            offset += Align((int)control->Length);
        }

        return local;
    }
}

[StructLayout(LayoutKind.Sequential)]
internal struct PollEntry
{
    public const short In = 0x1;
    public const short Out = 0x4;

    /// <summary><c>POLLERR</c>: always reported, whether requested or not.</summary>
    public const short Error = 0x8;

    public int Descriptor;
    public short Events;
    public short ReturnedEvents;
}

/// <summary><c>struct timespec</c> of 64-bit systems.</summary>
internal struct TimeSpecification
{
    public long Seconds;
    public long Nanoseconds;
}

/// <summary>Options of level <c>SOL_UDP</c>: udp(7).</summary>
internal static class UdpOption
{
    public const int Level = 17;

    /// <summary><c>UDP_SEGMENT</c>: the kernel (or the network card) cuts what is sent into datagrams of this many bytes.</summary>
    public const int Segment = 103;

    /// <summary><c>UDP_GRO</c>: the kernel may join datagrams that arrive together; a control message says where to cut.</summary>
    public const int ReceiveOffload = 104;
}

/// <summary><c>IP_RECVERR</c> and <c>IPV6_RECVERR</c>: the kernel queues ICMP errors about our datagrams. The control messages have the same numbers.</summary>
internal static class ReportOption
{
    public const int LevelIPv4 = 0;
    public const int NameIPv4 = 11;
    public const int LevelIPv6 = 41;
    public const int NameIPv6 = 25;
}

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
    public const int NotImplemented = 38;
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
    /// Whether the error may come from an ICMP report. A report waits on the socket for the next call, whatever its destination, so such an error
    /// may be about another datagram or about the call itself.
    /// </summary>
    public static bool MayBeReport(int error) => error is NetworkUnreachable or HostUnreachable or ConnectionRefused or MessageTooLong or HostDown
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
