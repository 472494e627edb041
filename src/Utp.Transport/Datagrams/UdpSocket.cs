using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Utp.Transport.Datagrams;

/// <summary>A bound, non-blocking UDP socket with its kernel buffers, its family and its fragmentation settled. Every channel starts from one.</summary>
internal sealed class UdpSocket : IDisposable
{
    private const int SmallestBufferBytes = 16 * 1024;

    private UdpSocket(Socket socket)
    {
        Socket = socket;
        LocalEndPoint = (IPEndPoint)socket.LocalEndPoint!;
        Fragmentation = new FragmentationControl(socket);
    }

    public Socket Socket { get; }

    public IPEndPoint LocalEndPoint { get; }

    public FragmentationControl Fragmentation { get; }

    public int ReceiveBufferBytes { get; private set; }

    public int SendBufferBytes { get; private set; }

    /// <param name="local">Port 0 lets the system choose; <see cref="IPAddress.IPv6Any"/> takes IPv4 too, and falls back to IPv4 alone.</param>
    /// <param name="receiveBufferBytes">What to ask of the system.</param>
    /// <param name="sendBufferBytes">What to ask of the system.</param>
    /// <exception cref="AddressInUseException">Another socket has the address.</exception>
    /// <exception cref="SocketException">The system has no such address, or forbids it.</exception>
    public static UdpSocket Open(IPEndPoint local, int receiveBufferBytes, int sendBufferBytes)
    {
        var udp = new UdpSocket(Bind(local));
        udp.ReceiveBufferBytes = Grant(receiveBufferBytes, size => udp.Socket.ReceiveBufferSize = size, () => udp.Socket.ReceiveBufferSize);
        udp.SendBufferBytes = Grant(sendBufferBytes, size => udp.Socket.SendBufferSize = size, () => udp.Socket.SendBufferSize);
        return udp;
    }

    public void Dispose() => Socket.Dispose();

    private static Socket Bind(IPEndPoint local)
    {
        if (local.Address.IsIPv4MappedToIPv6)
        {
            return BindOne(new IPEndPoint(local.Address.MapToIPv4(), local.Port));
        }

        if (!local.Address.Equals(IPAddress.IPv6Any))
        {
            return BindOne(local);
        }

        try
        {
            return BindOne(local);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressFamilyNotSupported or SocketError.AddressNotAvailable
            or SocketError.ProtocolNotSupported or SocketError.OperationNotSupported)
        {
            // No IPv6 in this kernel or container. "Any address" then means any IPv4 address.
            return BindOne(new IPEndPoint(IPAddress.Any, local.Port));
        }
    }

    private static Socket BindOne(IPEndPoint local)
    {
        var socket = new Socket(local.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (local.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = local.Address.Equals(IPAddress.IPv6Any);
            }

            if (OperatingSystem.IsWindows())
            {
                socket.ExclusiveAddressUse = true;
                SilenceUnreachableReports(socket);
            }

            socket.Blocking = false;
            socket.Bind(local);
            return socket;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            socket.Dispose();
            throw new AddressInUseException($"Failed to bind UDP address {local}: address already in use.", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// On Windows an ICMP "port unreachable" that one peer causes makes the next receive fail (error 10054) for all of them. Channels
    /// survive that, but each costs a call and an exception, so it is switched off as well.
    /// </summary>
    private static void SilenceUnreachableReports(Socket socket)
    {
        const int UdpConnectionReset = unchecked((int)0x9800000C);
        const int UdpNetworkReset = unchecked((int)0x9800000F);
        foreach (var control in (ReadOnlySpan<int>)[UdpConnectionReset, UdpNetworkReset])
        {
            try
            {
                socket.IOControl(control, [0, 0, 0, 0], null);
            }
            catch (SocketException)
            {
                // Older systems know only the first.
            }
        }
    }

    private static int Grant(int wanted, Action<int> ask, Func<int> read)
    {
        for (var size = wanted; size >= SmallestBufferBytes; size /= 2)
        {
            try
            {
                ask(size);
                break;
            }
            catch (SocketException)
            {
                // The BSDs refuse what exceeds their limit, where Linux and Windows grant less.
            }
        }

        try
        {
            // Linux sets aside as much again for its bookkeeping and reports the sum: socket(7), SO_RCVBUF.
            return OperatingSystem.IsLinux() || OperatingSystem.IsAndroid() ? read() / 2 : read();
        }
        catch (SocketException)
        {
            return 0;
        }
    }
}
