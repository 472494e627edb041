using System.Net;
using System.Net.Sockets;
using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Transport.Engine;

namespace Utp.Transport.Datagrams.Portable;

/// <summary>
/// Sends and receives one datagram per system call through the runtime's socket, which works on every system. The socket never blocks in a send or
/// receive; the channel waits with poll, so that an empty queue costs no exception.
/// </summary>
internal sealed partial class PortableDatagramChannel : IDatagramChannel
{
    private readonly IDatagramSocket _socket;
    private readonly UdpSocketFacts _facts;
    private readonly UtpClock _clock;
    private readonly AddressFamily _family;
    private readonly WaitGate _gate = new();
    private readonly SocketAddress _sender;
    private readonly SocketAddress _destination;
    private readonly SocketAddress[] _wakeAddresses;
    private PeerAddress _lastRemote;
    private bool _hasLastRemote;
    private bool _shortOfBuffers;

    public PortableDatagramChannel(IDatagramSocket socket, UdpSocketFacts facts, UtpClock clock)
    {
        _socket = socket;
        _facts = facts;
        _clock = clock;
        _family = facts.AddressFamily;
        _sender = SocketAddressBytes.CreateBlank(_family);
        _destination = SocketAddressBytes.CreateBlank(_family);
        _wakeAddresses = CreateWakeAddresses(facts.LocalEndPoint);
    }

    public IPEndPoint LocalEndPoint => _facts.LocalEndPoint;

    public string Name => "portable";

    /// <summary>With more, the wire timestamps of the last segments would be older than they say.</summary>
    public int MaxSegmentsPerTrain => 16;

    public int ReceiveBufferBytes => _facts.ReceiveBufferBytes;

    public int SendBufferBytes => _facts.SendBufferBytes;

    public long? ReceiveDropCount => _socket.ReadDropCount();

    public SendOutcome Send(in Transmit transmit, ReadOnlySpan<byte> train, out int bytesSent)
    {
        bytesSent = 0;
        if (!TryAddress(transmit.Remote))
        {
            return SendOutcome.Failed;
        }

        if (!transmit.AllowFragmentation)
        {
            return SendSegments(transmit, train[..transmit.Length], ref bytesSent);
        }

        try
        {
            _socket.SetFragmentation(transmit.Remote.IsIPv4, allowed: true);
            var outcome = SendSegments(transmit, train[..transmit.Length], ref bytesSent);
            _socket.SetFragmentation(transmit.Remote.IsIPv4, allowed: false);
            return outcome;
        }
        catch (ObjectDisposedException)
        {
            return SendOutcome.Closed;
        }
    }

    public bool WaitWritable(TimeSpan timeout)
    {
        if (_gate.IsClosed)
        {
            return false;
        }

        if (_shortOfBuffers)
        {
            _shortOfBuffers = false;
            BackOff.PauseForBuffers(timeout);
            return true;
        }

        try
        {
            return _socket.WaitWritable(timeout);
        }
        catch (SocketException)
        {
            // The next send reports the error better.
            return true;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    public void Wake()
    {
        if (_gate.Request())
        {
            SendWakeDatagram();
        }
    }

    public void Dispose()
    {
        if (_gate.Close())
        {
            if (_gate.Request())
            {
                SendWakeDatagram();
            }

            _socket.Dispose();
        }
    }

    private SendOutcome SendSegments(in Transmit transmit, ReadOnlySpan<byte> train, ref int bytesSent)
    {
        try
        {
            while (bytesSent < train.Length)
            {
                var segment = train.Slice(bytesSent, Math.Min(transmit.SegmentSize, train.Length - bytesSent));
                _socket.Send(segment, _destination, transmit.Local);
                bytesSent += segment.Length;
            }

            return SendOutcome.Sent;
        }
        catch (SocketException e)
        {
            _shortOfBuffers = e.SocketErrorCode == SocketError.NoBufferSpaceAvailable;
            if (!transmit.Local.IsUnspecified && SocketErrors.MayBeSource(e.SocketErrorCode))
            {
                return SendOutcome.SourceUnavailable;
            }

            return _gate.IsClosed ? SendOutcome.Closed : SocketErrors.ToSendOutcome(e.SocketErrorCode);
        }
        catch (ObjectDisposedException)
        {
            return SendOutcome.Closed;
        }
    }

    private bool TryAddress(in PeerAddress remote)
    {
        if (_hasLastRemote && remote == _lastRemote)
        {
            return true;
        }

        _lastRemote = remote;
        _hasLastRemote = SocketAddressBytes.TryWrite(_destination.Buffer.Span, _family, remote);
        return _hasLastRemote;
    }

    private void SendWakeDatagram()
    {
        foreach (var address in _wakeAddresses)
        {
            try
            {
                _socket.Send(ReadOnlySpan<byte>.Empty, address, default);
                return;
            }
            catch (SocketException)
            {
                // If the buffer is full, the receiver has work anyway. An unreachable address has an alternative, and the wait is limited.
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }

    /// <summary>Gets the socket's own address; for "any", the loopback addresses that reach it.</summary>
    private static SocketAddress[] CreateWakeAddresses(IPEndPoint local)
    {
        if (local.Address.Equals(IPAddress.Any))
        {
            return [new IPEndPoint(IPAddress.Loopback, local.Port).Serialize()];
        }

        return local.Address.Equals(IPAddress.IPv6Any)
            ? [new IPEndPoint(IPAddress.IPv6Loopback, local.Port).Serialize(), new IPEndPoint(IPAddress.Loopback.MapToIPv6(), local.Port).Serialize()]
            : [local.Serialize()];
    }
}
