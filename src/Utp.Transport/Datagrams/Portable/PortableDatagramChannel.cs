using System.Net;
using System.Net.Sockets;
using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Transport.Engine;

namespace Utp.Transport.Datagrams.Portable;

/// <summary>
/// Sends and receives one datagram per system call through the runtime's socket, which works on every system. The socket never blocks in a send or
/// receive; the channel waits with poll, so that an empty queue costs no exception.
/// </summary>
internal sealed class PortableDatagramChannel : IDatagramChannel
{
    /// <summary>
    /// The maximum time of one wait. A wake-up is a datagram to the socket itself; a firewall, or a loopback interface that is down, can swallow it,
    /// and this limit bounds the harm. Four idle polls a second have no measurable cost.
    /// </summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(250);

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
    private BackOff _backOff;

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

    public bool Receive(DatagramBatch batch, Instant deadline)
    {
        batch.Clear();
        while (!_gate.IsClosed)
        {
            // After the deadline, or a wake request, do not wait, but still receive what has arrived.
            var wait = WaitFor(deadline);
            var woken = _gate.TakeRequest() | wait <= TimeSpan.Zero;
            Fill(batch, woken ? null : wait);
            if (batch.Count > 0 || woken)
            {
                return batch.Count > 0;
            }
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

    /// <summary>
    /// Receives until the batch is full. Only the first receive after a wait needs no check for data; a check costs less than the final exception.
    /// </summary>
    private void Fill(DatagramBatch batch, TimeSpan? wait)
    {
        try
        {
            if (wait is { } longest)
            {
                if (!WaitReadable(batch, longest))
                {
                    return;
                }

                ReceiveOne(batch);
            }

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
            _gate.Close();
        }
    }

    private void ReceiveOne(DatagramBatch batch)
    {
        var length = _socket.Receive(batch.NextEntry, _sender, out var local);
        _backOff.Reset();
        if (length == 0)
        {
            // This is our own wake-up, or an empty datagram from a peer: no protocol that shares the port sends those.
            return;
        }

        if (length == batch.BytesPerEntry)
        {
            // Nothing distinguishes "truncated" from "fits exactly" here, and a truncated packet would look like a shorter whole one.
            batch.ErrorCount++;
            return;
        }

        batch.Add(SocketAddressBytes.Read(_sender.Buffer.Span, _family), length, length, _clock.Now, local);
    }

    /// <summary>Gets the time to the deadline, rounded up to whole milliseconds, since many systems wait in those, and 0 would not wait at all.</summary>
    private TimeSpan WaitFor(Instant deadline)
    {
        var milliseconds = deadline.IsNever ? long.MaxValue : (deadline - _clock.Now + 999) / 1_000;
        return milliseconds < LongestWait.TotalMilliseconds ? TimeSpan.FromMilliseconds(milliseconds) : LongestWait;
    }

    private bool WaitReadable(DatagramBatch batch, TimeSpan longest)
    {
        try
        {
            if (!_gate.TryEnter())
            {
                return false;
            }

            if (_socket.WaitReadable(longest))
            {
                return true;
            }
        }
        finally
        {
            _gate.Leave();
        }

        if (_socket.TakePendingError() is var error && error != SocketError.Success)
        {
            // Some errors end a poll without making the socket readable, and would end every later poll too.
            Survive(error, batch);
        }

        return false;
    }

    /// <summary>
    /// Counts an error and continues: an unconnected UDP socket has no state that an error could break. It reports only errors about some peer (ICMP),
    /// about memory, or about a datagram that did not fit.
    /// </summary>
    private void Survive(SocketError error, DatagramBatch batch)
    {
        if (SocketErrors.IsNothingReceived(error) || _gate.IsClosed)
        {
            return;
        }

        batch.ErrorCount++;
        _backOff.PauseAfterError();
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
