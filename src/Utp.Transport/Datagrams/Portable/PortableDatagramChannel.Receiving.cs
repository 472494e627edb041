using System.Net.Sockets;
using Utp.Protocol.Time;

namespace Utp.Transport.Datagrams.Portable;

/// <content>Receiving datagrams, and waiting for them.</content>
internal sealed partial class PortableDatagramChannel
{
    /// <summary>
    /// The maximum time of one wait. A wake-up is a datagram to the socket itself; a firewall, or a loopback interface that is down, can swallow it,
    /// and this limit bounds the harm. Four idle polls a second have no measurable cost.
    /// </summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(250);

    private BackOff _backOff;

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
}
