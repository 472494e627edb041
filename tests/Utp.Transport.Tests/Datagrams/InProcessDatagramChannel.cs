using System.Net;
using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Transport.Datagrams;
using Utp.Transport.Engine;

namespace Utp.Transport.Tests.Datagrams;

/// <summary>One end of an <see cref="InProcessDatagramNetwork"/>.</summary>
internal sealed class InProcessDatagramChannel : IDatagramChannel
{
    /// <summary>The longest time for which a datagram is held back to be overtaken when no other datagram comes.</summary>
    private static readonly TimeSpan LongestHold = TimeSpan.FromMilliseconds(2);

    private readonly InProcessDatagramNetwork _network;
    private readonly UtpClock _clock;
    private readonly Dictionary<PeerAddress, Random> _fates = [];
    private readonly Lock _fatesLock = new();
    private readonly object _queueLock = new();
    private readonly Queue<(PeerAddress From, byte[] Bytes)> _queue = new();
    private readonly List<(PeerAddress From, byte[] Bytes, int OvertakenBy)> _held = [];
    private int _queuedBytes;
    private bool _wakeRequested;
    private bool _closed;

    internal InProcessDatagramChannel(InProcessDatagramNetwork network, IPEndPoint local, UtpClock clock)
    {
        _network = network;
        _clock = clock;
        LocalEndPoint = local;
        Address = PeerAddress.FromEndPoint(local);
    }

    public PeerAddress Address { get; }

    public IPEndPoint LocalEndPoint { get; }

    public string Name => "in-process";

    public int MaxSegmentsPerTrain => 16;

    public bool SegmentsTrains => _network.LosesTrains || _network.RefusesTrains;

    public int ReceiveBufferBytes => _network.Impairments.QueueBytes;

    public int SendBufferBytes => _network.Impairments.QueueBytes;

    /// <summary>Number of datagrams that wait for <see cref="Receive"/>, including those held back to be overtaken.</summary>
    public int PendingCount
    {
        get
        {
            lock (_queueLock)
            {
                return _queue.Count + _held.Count;
            }
        }
    }

    public bool Receive(DatagramBatch batch, Instant deadline)
    {
        batch.Clear();
        lock (_queueLock)
        {
            while (!_closed && !_wakeRequested && _queue.Count == 0 && TimeTo(deadline) is { } longest)
            {
                if (_held.Count == 0)
                {
                    Monitor.Wait(_queueLock, longest);
                }
                else if (!Monitor.Wait(_queueLock, LongestHold))
                {
                    ReleaseHeld();
                }
            }

            _wakeRequested = false;
            while (!_closed && batch.Count < batch.Capacity && _queue.TryDequeue(out var datagram))
            {
                _queuedBytes -= datagram.Bytes.Length;
                datagram.Bytes.CopyTo(batch.NextEntry);
                batch.Add(datagram.From, datagram.Bytes.Length, datagram.Bytes.Length, _clock.Now);
            }

            return batch.Count > 0;
        }
    }

    public SendOutcome Send(in Transmit transmit, ReadOnlySpan<byte> train, out int bytesSent)
    {
        bytesSent = 0;
        lock (_queueLock)
        {
            if (_closed)
            {
                return SendOutcome.Closed;
            }
        }

        if (_network.LosesTrains && !transmit.IsUnsegmented && transmit.SegmentCount > 1)
        {
            bytesSent = transmit.Length;
            return SendOutcome.Sent;
        }

        lock (_fatesLock)
        {
            if (!_fates.TryGetValue(transmit.Remote, out var fate))
            {
                _fates[transmit.Remote] = fate = _network.CreateFate(Address, transmit.Remote);
            }

            while (bytesSent < transmit.Length)
            {
                var length = Math.Min(transmit.SegmentSize, transmit.Length - bytesSent);
                _network.Carry(Address, transmit.Remote, train.Slice(bytesSent, length), fate);
                bytesSent += length;
            }
        }

        return _network.RefusesTrains && !transmit.IsUnsegmented && transmit.SegmentCount > 1 ? SendOutcome.SentOneByOne : SendOutcome.Sent;
    }

    public bool WaitWritable(TimeSpan timeout)
    {
        lock (_queueLock)
        {
            return !_closed;
        }
    }

    public void Wake()
    {
        lock (_queueLock)
        {
            _wakeRequested = true;
            Monitor.PulseAll(_queueLock);
        }
    }

    public void Dispose()
    {
        lock (_queueLock)
        {
            _closed = true;
            Monitor.PulseAll(_queueLock);
        }

        _network.Close(this);
    }

    /// <summary>Adds a datagram; false when the queue is full.</summary>
    internal bool TryEnqueue(PeerAddress from, byte[] bytes, int overtakenBy)
    {
        lock (_queueLock)
        {
            if (_closed)
            {
                return true;
            }

            if (_queuedBytes + bytes.Length > _network.Impairments.QueueBytes)
            {
                return false;
            }

            _queuedBytes += bytes.Length;
            if (overtakenBy > 0)
            {
                _held.Add((from, bytes, overtakenBy));
            }
            else
            {
                _queue.Enqueue((from, bytes));
                CountOvertaking();
            }

            Monitor.PulseAll(_queueLock);
            return true;
        }
    }

    /// <summary>Gets the time to the deadline in whole milliseconds; null when it has passed.</summary>
    private TimeSpan? TimeTo(Instant deadline)
    {
        if (deadline.IsNever)
        {
            return Timeout.InfiniteTimeSpan;
        }

        var micros = deadline - _clock.Now;
        return micros > 0 ? TimeSpan.FromMilliseconds((micros + 999) / 1_000) : null;
    }

    private void CountOvertaking()
    {
        for (var i = 0; i < _held.Count;)
        {
            var (from, bytes, overtakenBy) = _held[i];
            if (overtakenBy > 1)
            {
                _held[i++] = (from, bytes, overtakenBy - 1);
                continue;
            }

            _held.RemoveAt(i);
            _queue.Enqueue((from, bytes));
        }
    }

    private void ReleaseHeld()
    {
        foreach (var (from, bytes, _) in _held)
        {
            _queue.Enqueue((from, bytes));
        }

        _held.Clear();
    }
}
