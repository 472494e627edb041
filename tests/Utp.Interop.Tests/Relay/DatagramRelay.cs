using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Utp.Interop.Tests.Harness;

namespace Utp.Interop.Tests.Relay;

/// <summary>
/// Relays datagrams between two UDP sockets of this machine and loses, duplicates, reorders and delays them, each direction with its own seed. The
/// dialling side sends to <see cref="EndPoint"/>; the target sees one relay socket per dialling socket, so connections stay apart. The two sides may
/// differ in address family, which lets an IPv6 socket talk to a peer that knows only IPv4.
/// </summary>
internal sealed class DatagramRelay : IDisposable
{
    private const int KernelBufferBytes = 4 * 1024 * 1024;

    private readonly SocketAddress _target;
    private readonly AddressFamily _targetFamily;
    private readonly Socket _front;
    private readonly Dictionary<SocketAddress, RelayPath> _paths = [];
    private readonly Thread _clock;
    private volatile bool _isDisposed;

    public DatagramRelay(IPEndPoint target, Impairment impairment, int seed, IPAddress? frontAddress = null)
    {
        _target = target.Serialize();
        _targetFamily = target.AddressFamily;
        _front = Open(frontAddress ?? IPAddress.Loopback);
        EndPoint = (IPEndPoint)_front.LocalEndPoint!;
        ToTarget = new RelayDirection(impairment, seed * 2, (path, datagram) => SendQuietly(path.Outward, datagram, _target));
        ToDialler = new RelayDirection(impairment, (seed * 2) + 1, (path, datagram) => SendQuietly(_front, datagram, path.Dialler));
        StartThread(() => Receive(_front, datagramOwner: null), "relay front");
        _clock = StartThread(RunClock, "relay clock");
    }

    /// <summary>The endpoint to connect to.</summary>
    public IPEndPoint EndPoint { get; }

    public RelayDirection ToTarget { get; }

    public RelayDirection ToDialler { get; }

    public void Dispose()
    {
        _isDisposed = true;
        _clock.Join();
        _front.Dispose();
        lock (_paths)
        {
            foreach (var path in _paths.Values)
            {
                path.Outward.Dispose();
            }
        }
    }

    private static Socket Open(IPAddress address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveBufferSize = KernelBufferBytes,
            SendBufferSize = KernelBufferBytes,
        };
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    }

    private static Thread StartThread(Action run, string name)
    {
        var thread = new Thread(() => run()) { IsBackground = true, Name = name };
        thread.Start();
        return thread;
    }

    private static void SendQuietly(Socket socket, ReadOnlySpan<byte> datagram, SocketAddress to)
    {
        try
        {
            socket.SendTo(datagram, SocketFlags.None, to);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // A network does not report this either: the receiver has gone, or the test is over.
        }
    }

    private void Receive(Socket socket, RelayPath? datagramOwner)
    {
        var buffer = new byte[65_536];
        var from = new SocketAddress(socket.AddressFamily);
        while (!_isDisposed)
        {
            int length;
            try
            {
                length = socket.ReceiveFrom(buffer, SocketFlags.None, from);
            }
            catch (SocketException) when (!_isDisposed)
            {
                continue;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            var datagram = buffer.AsSpan(0, length);
            if (datagramOwner is null)
            {
                ToTarget.Handle(FindOrAddPath(from), datagram);
            }
            else
            {
                ToDialler.Handle(datagramOwner, datagram);
            }
        }
    }

    private RelayPath FindOrAddPath(SocketAddress dialler)
    {
        lock (_paths)
        {
            if (_paths.TryGetValue(dialler, out var path))
            {
                return path;
            }

            var key = new SocketAddress(dialler.Family, dialler.Size);
            dialler.Buffer.Span[..dialler.Size].CopyTo(key.Buffer.Span);
            path = new RelayPath(key, Open(_targetFamily == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback));
            _paths.Add(key, path);
            StartThread(() => Receive(path.Outward, path), "relay path");
            return path;
        }
    }

    /// <summary>Wakes every millisecond, which is fine enough for a delay of 20 ms.</summary>
    private void RunClock()
    {
        while (!_isDisposed)
        {
            var now = Stopwatch.GetTimestamp();
            ToTarget.HandleTime(now);
            ToDialler.HandleTime(now);
            Thread.Sleep(1);
        }
    }
}
