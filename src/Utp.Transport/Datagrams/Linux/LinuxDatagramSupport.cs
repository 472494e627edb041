using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Utp.Protocol.Sending;
using Utp.Transport.Engine;

namespace Utp.Transport.Datagrams.Linux;

/// <summary>Finds out at run time which of the Linux channels this kernel (or an emulation of it) supports.</summary>
internal static class LinuxDatagramSupport
{
    /// <summary>Creates the channel; null, with the reason, where the system lacks the calls.</summary>
    public static MessageBatchDatagramChannel? TryCreateBatching(UdpSocket udp, UtpClock clock, out string reason)
    {
        var socket = TryCreateSocket(udp, out reason);
        if (socket is null)
        {
            return null;
        }

        AskForIcmpErrors(udp.Socket);
        udp.AskForLocalAddresses();
        socket.LetReceivesWait();
        return new MessageBatchDatagramChannel(socket, udp.Facts, clock);
    }

    /// <summary>Creates the channel; null, with the reason, where the system lacks the calls or the options. The socket is then unchanged.</summary>
    public static OffloadDatagramChannel? TryCreateOffload(UdpSocket udp, UtpClock clock, out string reason)
    {
        if (TryCreateSocket(udp, out reason) is not { } socket)
        {
            return null;
        }

        // Segment size 0 means "none", so the request changes nothing; each send sets the size. Receive offload is requested last.
        if (!TrySet(udp.Socket, UdpOption.Level, UdpOption.Segment, 0, "UDP_SEGMENT", out reason)
            || !TrySet(udp.Socket, UdpOption.Level, UdpOption.ReceiveOffload, 1, "UDP_GRO", out reason))
        {
            socket.DisposeEventOnly();
            return null;
        }

        AskForIcmpErrors(udp.Socket);
        udp.AskForLocalAddresses();
        socket.LetReceivesWait();
        return new OffloadDatagramChannel(socket, udp.Facts, clock);
    }

    /// <summary>Creates a socket that reports and chooses local addresses, one datagram per call; null where the system lacks the means.</summary>
    public static LinuxDatagramSocket? TryCreateSingle(UdpSocket udp) =>
        HasLayouts(out _) && udp.AskForLocalAddresses() ? new LinuxDatagramSocket(udp) : null;

    private static unsafe LinuxSocket? TryCreateSocket(UdpSocket udp, out string reason)
    {
        if (!HasLayouts(out reason))
        {
            return null;
        }

        try
        {
            var socket = new LinuxSocket(udp);

            // Sandboxes and system call filters lack different calls. Neither call does anything with zero messages.
            var error = Math.Min(socket.SendMessages(null, 0), socket.ReceiveMessages(null, 0, mayWait: false));
            if (error is >= 0 or -ErrorNumber.TryAgain)
            {
                reason = string.Empty;
                return socket;
            }

            socket.DisposeEventOnly();
            reason = $"recvmmsg or sendmmsg fails with error {-error} ({Marshal.GetPInvokeErrorMessage(-error)})";
        }
        catch (Exception e) when (e is Win32Exception or DllNotFoundException or EntryPointNotFoundException)
        {
            reason = e.Message;
        }

        return null;
    }

    /// <summary>Whether the structures of <c>MessageLayouts</c> match this process.</summary>
    private static bool HasLayouts(out string reason)
    {
        reason = !OperatingSystem.IsLinux() ? "it needs Linux"
            : RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64 ? string.Empty
            : $"it needs an x64 or arm64 process, and this one is {RuntimeInformation.ProcessArchitecture}";
        return reason.Length == 0;
    }

    /// <summary>
    /// Makes the socket queue ICMP errors. Without them, a connect to an unused port ends only with its timeout. Other channels must not ask:
    /// ICMP errors that are not read fail every call.
    /// </summary>
    private static void AskForIcmpErrors(Socket socket)
    {
        // A dual-mode socket has both options; a plain IPv4 socket has only the first.
        TrySet(socket, IcmpErrorOption.LevelIPv4, IcmpErrorOption.NameIPv4, 1, "IP_RECVERR", out _);
        if (socket.AddressFamily == AddressFamily.InterNetworkV6)
        {
            TrySet(socket, IcmpErrorOption.LevelIPv6, IcmpErrorOption.NameIPv6, 1, "IPV6_RECVERR", out _);
        }
    }

    private static bool TrySet(Socket socket, int level, int option, int value, string name, out string reason)
    {
        try
        {
            socket.SetRawSocketOption(level, option, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in value)));
            reason = string.Empty;
            return true;
        }
        catch (SocketException e)
        {
            reason = $"the kernel refuses {name} ({e.SocketErrorCode})";
            return false;
        }
    }
}
