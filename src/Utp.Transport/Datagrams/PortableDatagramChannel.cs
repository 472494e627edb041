using System.Net;
using System.Net.Sockets;
using Utp.Protocol;
using Utp.Transport.Engine;

namespace Utp.Transport.Datagrams;

/// <summary>
/// Datagrams one per system call, through the runtime's socket: works on every system. The socket never blocks in a send or receive;
/// waiting is done by poll, so that the end of the queue costs no exception.
/// </summary>
internal sealed class PortableDatagramChannel : IDatagramChannel
{
    /// <summary>
    /// How long one wait may last. A wake-up is a datagram to ourselves; a firewall, or a loopback interface that is down, can swallow it,
    /// and this bounds the harm. Four idle polls a second cost nothing that could be measured.
    /// </summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(250);

    /// <summary>Consecutive errors without a datagram after which receiving slows down, so that a broken socket does not burn a processor.</summary>
    private const int ErrorsBeforeBackOff = 64;

    private const int BackOffMilliseconds = 10;

    /// <summary>When the system is out of buffers (ENOBUFS) it still calls the socket writable: then time is what to wait for.</summary>
    private const int BufferShortageMilliseconds = 1;

    private readonly IDatagramSocket _socket;
    private readonly UtpClock _clock;
    private readonly AddressFamily _family;
    private readonly SocketAddress _sender;
    private readonly SocketAddress _destination;
    private readonly SocketAddress[] _wakeAddresses;
    private PeerAddress _lastRemote;
    private bool _hasLastRemote;
    private bool _shortOfBuffers;
    private int _errorStreak;
    private int _wakeRequested;
    private int _waiting;
    private int _closed;

    public PortableDatagramChannel(IDatagramSocket socket, UtpClock clock)
    {
        _socket = socket;
        _clock = clock;
        _family = socket.AddressFamily;
        _sender = SocketAddressBytes.CreateBlank(_family);
        _destination = SocketAddressBytes.CreateBlank(_family);
        _wakeAddresses = CreateWakeAddresses(socket);
    }

    public IPEndPoint LocalEndPoint => _socket.LocalEndPoint;

    public string Name => "portable";

    /// <summary>More would only make the wire timestamps of the last segments older than they say.</summary>
    public int MaxSegmentsPerTrain => 16;

    public int ReceiveBufferBytes => _socket.ReceiveBufferBytes;

    public int SendBufferBytes => _socket.SendBufferBytes;

    public bool Receive(DatagramBatch batch)
    {
        batch.Clear();
        while (Volatile.Read(ref _closed) == 0)
        {
            // Taken before looking: a wake-up during this receive stays for the next one.
            var woken = Interlocked.Exchange(ref _wakeRequested, 0) != 0;
            Drain(batch);
            if (batch.Count > 0)
            {
                return true;
            }

            if (woken)
            {
                return false;
            }

            WaitReadable(batch);
        }

        return false;
    }

    public SendOutcome Send(in Transmit transmit, ReadOnlySpan<byte> train, out int bytesSent)
    {
        bytesSent = 0;
        if (!TryAddress(transmit.Remote))
        {
            return SendOutcome.Failed;
        }

        if (!transmit.AllowFragmentation)
        {
            return SendSegments(transmit.SegmentSize, train[..transmit.Length], ref bytesSent);
        }

        try
        {
            _socket.SetFragmentation(transmit.Remote.IsIPv4, allowed: true);
            var outcome = SendSegments(transmit.SegmentSize, train[..transmit.Length], ref bytesSent);
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
        if (Volatile.Read(ref _closed) != 0)
        {
            return false;
        }

        if (_shortOfBuffers)
        {
            _shortOfBuffers = false;
            Thread.Sleep(Math.Min(BufferShortageMilliseconds, (int)timeout.TotalMilliseconds));
            return true;
        }

        try
        {
            return _socket.WaitWritable(timeout);
        }
        catch (SocketException)
        {
            // Whatever it is, the next send says it better.
            return true;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    public void Wake()
    {
        // Both sides write their flag and then read the other's, with full fences: either the receiver sees the request before it waits,
        // or we see that it waits. The datagram is therefore needed only then, and a busy receiver is woken without a system call.
        if (Interlocked.Exchange(ref _wakeRequested, 1) == 0 && Volatile.Read(ref _waiting) != 0)
        {
            SendWakeDatagram();
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        if (Volatile.Read(ref _waiting) != 0)
        {
            SendWakeDatagram();
        }

        _socket.Dispose();
    }

    private void Drain(DatagramBatch batch)
    {
        try
        {
            while (batch.Count < batch.Capacity && _socket.Available > 0)
            {
                ReceiveOne(batch);
            }
        }
        catch (SocketException e)
        {
            Survive(e.SocketErrorCode, batch);
        }
        catch (ObjectDisposedException)
        {
            Volatile.Write(ref _closed, 1);
        }
    }

    private void ReceiveOne(DatagramBatch batch)
    {
        var length = _socket.Receive(batch.Memory.AsSpan(batch.Count * batch.BytesPerEntry, batch.BytesPerEntry), _sender);
        _errorStreak = 0;
        if (length == 0)
        {
            // Our own wake-up, or somebody's empty datagram: no protocol that shares the port has those.
            return;
        }

        if (length == batch.BytesPerEntry)
        {
            // No sign tells "cut" from "fits exactly" here, and a cut packet would be taken for a shorter whole one.
            batch.ErrorCount++;
            return;
        }

        batch.Add(SocketAddressBytes.Read(_sender.Buffer.Span, _family), length, length, _clock.Now);
    }

    private void WaitReadable(DatagramBatch batch)
    {
        Interlocked.Exchange(ref _waiting, 1);
        try
        {
            if (Volatile.Read(ref _wakeRequested) != 0 || Volatile.Read(ref _closed) != 0)
            {
                return;
            }

            if (_socket.WaitReadable(LongestWait))
            {
                // An empty datagram is readable but not "available"; anything else waits for the drain.
                if (_socket.Available == 0)
                {
                    ReceiveOne(batch);
                }
            }
            else if (_socket.TakePendingError() is var error && error != SocketError.Success)
            {
                // Some errors end a poll without making the socket readable, and would end every later poll too.
                Survive(error, batch);
            }
        }
        catch (SocketException e)
        {
            Survive(e.SocketErrorCode, batch);
        }
        catch (ObjectDisposedException)
        {
            Volatile.Write(ref _closed, 1);
        }
        finally
        {
            Volatile.Write(ref _waiting, 0);
        }
    }

    /// <summary>
    /// No error of a receive ends it: an unconnected UDP socket has no state that one could break, and what it reports is news about some
    /// peer (ICMP), about memory, or about a datagram that did not fit.
    /// </summary>
    private void Survive(SocketError error, DatagramBatch batch)
    {
        if (SocketErrors.IsNothingReceived(error) || Volatile.Read(ref _closed) != 0)
        {
            return;
        }

        batch.ErrorCount++;
        if (++_errorStreak > ErrorsBeforeBackOff)
        {
            Thread.Sleep(BackOffMilliseconds);
        }
    }

    private SendOutcome SendSegments(int segmentSize, ReadOnlySpan<byte> train, ref int bytesSent)
    {
        try
        {
            while (bytesSent < train.Length)
            {
                var segment = train.Slice(bytesSent, Math.Min(segmentSize, train.Length - bytesSent));
                _socket.Send(segment, _destination);
                bytesSent += segment.Length;
            }

            return SendOutcome.Sent;
        }
        catch (SocketException e)
        {
            _shortOfBuffers = e.SocketErrorCode == SocketError.NoBufferSpaceAvailable;
            return Volatile.Read(ref _closed) != 0 ? SendOutcome.Closed : SocketErrors.ToSendOutcome(e.SocketErrorCode);
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
                _socket.Send(ReadOnlySpan<byte>.Empty, address);
                return;
            }
            catch (SocketException)
            {
                // A full buffer means that the receiver has work anyway; an unreachable address has a second choice, or the wait its bound.
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }

    /// <summary>The socket's own address; for "any", the loopback addresses that reach it.</summary>
    private static SocketAddress[] CreateWakeAddresses(IDatagramSocket socket)
    {
        var local = socket.LocalEndPoint;
        if (local.Address.Equals(IPAddress.Any))
        {
            return [new IPEndPoint(IPAddress.Loopback, local.Port).Serialize()];
        }

        return local.Address.Equals(IPAddress.IPv6Any)
            ? [new IPEndPoint(IPAddress.IPv6Loopback, local.Port).Serialize(), new IPEndPoint(IPAddress.Loopback.MapToIPv6(), local.Port).Serialize()]
            : [local.Serialize()];
    }
}
