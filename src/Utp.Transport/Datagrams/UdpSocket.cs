using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Utp.Transport.Datagrams.Inherited;
using Utp.Transport.Datagrams.Linux;

namespace Utp.Transport.Datagrams;

/// <summary>A bound, non-blocking UDP socket with its kernel buffers, family and fragmentation set up. Every channel starts from one.</summary>
internal sealed class UdpSocket : IDisposable
{
    private const int SmallestBufferBytes = 16 * 1024;

    /// <summary><c>SOL_SOCKET</c> and <c>SO_REUSEPORT</c> of Linux. The runtime's own "reuse address" is a different option.</summary>
    private const int SocketLevel = 1;
    private const int ReusePort = 15;

    private UdpSocket(Socket socket, int receiveBufferBytes, int sendBufferBytes)
    {
        Socket = socket;
        Fragmentation = new FragmentationControl(socket);
        Facts = new UdpSocketFacts(socket.AddressFamily, (IPEndPoint)socket.LocalEndPoint!)
        {
            ReceiveBufferBytes = Grant(receiveBufferBytes, size => socket.ReceiveBufferSize = size, () => socket.ReceiveBufferSize),
            SendBufferBytes = Grant(sendBufferBytes, size => socket.SendBufferSize = size, () => socket.SendBufferSize),
        };
    }

    public Socket Socket { get; }

    public UdpSocketFacts Facts { get; }

    public FragmentationControl Fragmentation { get; }

    /// <summary>Whether the service manager has bound the socket.</summary>
    public bool IsInherited { get; private init; }

    /// <summary>Whether the system reports the destination address of each datagram, and sends from the address that a datagram names.</summary>
    public bool HasLocalAddresses { get; private set; }

    /// <param name="local">Port 0 lets the system choose; <see cref="IPAddress.IPv6Any"/> takes IPv4 too, and falls back to IPv4 alone.</param>
    /// <param name="receiveBufferBytes">The receive buffer size to request from the system.</param>
    /// <param name="sendBufferBytes">The send buffer size to request from the system.</param>
    /// <param name="networkInterface">The interface to bind to; null for all.</param>
    /// <exception cref="AddressInUseException">Another socket uses the address.</exception>
    /// <exception cref="SocketException">The system does not have this address, or forbids its use.</exception>
    /// <exception cref="InvalidOperationException">The system does not have the interface, or forbids its use.</exception>
    public static UdpSocket Open(IPEndPoint local, int receiveBufferBytes, int sendBufferBytes, string? networkInterface = null)
    {
        if (InheritedSockets.OfThisProcess.TryOpen(local) is { } inherited)
        {
            inherited.Blocking = false;
            return new(inherited, receiveBufferBytes, sendBufferBytes) { IsInherited = true };
        }

        return new(Bind(local, networkInterface), receiveBufferBytes, sendBufferBytes);
    }

    /// <summary>
    /// Opens another socket on the address of a socket that has it alone, and makes both share it. So the first bind still fails when another
    /// process uses the address. Linux only.
    /// </summary>
    /// <exception cref="SocketException">The system does not share addresses, or not this one.</exception>
    public static UdpSocket OpenSharing(UdpSocket first, int receiveBufferBytes, int sendBufferBytes, string? networkInterface = null)
    {
        SetSharing(first.Socket, shared: true);
        return new(BindOne(first.Facts.LocalEndPoint, networkInterface, shared: true), receiveBufferBytes, sendBufferBytes);
    }

    /// <summary>
    /// Asks for the destination address of each datagram on a wildcard socket; a socket with one address does not need it. Linux only.
    /// </summary>
    /// <returns><see cref="HasLocalAddresses"/>.</returns>
    public bool AskForLocalAddresses() => HasLocalAddresses = Facts.IsWildcard && PacketInformation.TryAskFor(Socket);

    /// <summary>Stops further sockets from sharing the address; sockets that share it already stay.</summary>
    public void StopSharing()
    {
        try
        {
            SetSharing(Socket, shared: false);
        }
        catch (SocketException)
        {
            // The address was never shared, then.
        }
    }

    /// <summary>
    /// Number of datagrams dropped because the receive buffer was full; null when the system does not report it, or the socket is closed.
    /// </summary>
    public long? ReadDropCount()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        // SO_MEMINFO: nine 32-bit counters, the last of them the drops; sock_diag(7).
        const int MemoryInfo = 55;
        const int Drops = 8;
        Span<uint> counters = stackalloc uint[Drops + 1];
        try
        {
            var length = Socket.GetRawSocketOption(SocketLevel, MemoryInfo, MemoryMarshal.AsBytes(counters));
            return length >= (Drops + 1) * sizeof(uint) ? counters[Drops] : null;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    public void Dispose() => Socket.Dispose();

    private static Socket Bind(IPEndPoint local, string? networkInterface)
    {
        if (local.Address.IsIPv4MappedToIPv6)
        {
            return BindOne(new IPEndPoint(local.Address.MapToIPv4(), local.Port), networkInterface);
        }

        if (!local.Address.Equals(IPAddress.IPv6Any))
        {
            return BindOne(local, networkInterface);
        }

        try
        {
            return BindOne(local, networkInterface);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressFamilyNotSupported or SocketError.AddressNotAvailable
            or SocketError.ProtocolNotSupported or SocketError.OperationNotSupported)
        {
            // This kernel or container has no IPv6. "Any address" then means any IPv4 address.
            return BindOne(new IPEndPoint(IPAddress.Any, local.Port), networkInterface);
        }
    }

    private static Socket BindOne(IPEndPoint local, string? networkInterface, bool shared = false)
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
                SilenceIcmpErrors(socket);
            }

            if (shared)
            {
                SetSharing(socket, shared: true);
            }

            InterfaceBinding.Apply(socket, networkInterface);
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

    private static void SetSharing(Socket socket, bool shared)
    {
        var value = shared ? 1 : 0;
        socket.SetRawSocketOption(SocketLevel, ReusePort, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in value)));
    }

    /// <summary>
    /// Switches off ICMP errors on Windows, where a "port unreachable" from one peer makes the next receive fail (error 10054) for all peers.
    /// Channels survive that, but each error costs a call and an exception.
    /// </summary>
    private static void SilenceIcmpErrors(Socket socket)
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
                // Older systems know only the first option.
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
                // The BSDs refuse a size above their limit, where Linux and Windows grant less.
            }
        }

        try
        {
            // Linux reserves the same amount again for its bookkeeping and reports the sum: socket(7), SO_RCVBUF.
            return OperatingSystem.IsLinux() || OperatingSystem.IsAndroid() ? read() / 2 : read();
        }
        catch (SocketException)
        {
            return 0;
        }
    }
}
