using System.Net;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Transport.Engine;

namespace Utp.Transport.Datagrams.Linux;

/// <summary>
/// Receives with <c>recvmmsg</c>, which itself waits for a few milliseconds while datagrams come often, and then waits with <c>ppoll</c>, up to the
/// deadline, on the socket and an event descriptor: no network can swallow that wake-up. Derived classes define how a train is sent. ICMP reports
/// wait in the socket's error queue, and the error number of a report also fails the next call on the socket, whatever its destination. A send that
/// fails this way is retried; a receive that fails this way reads the reports.
/// </summary>
internal abstract class LinuxDatagramChannel : IDatagramChannel
{
    /// <summary>
    /// Maximum number of retries of a send whose error may come from a queued ICMP error about another datagram. A retry can fail only from a report
    /// that has come since the last one, a microsecond ago; an error that stays is the call's own.
    /// </summary>
    private const int MostRepetitions = 8;

    /// <summary>
    /// Number of times that a receiver polls the socket and yields before it sleeps: some 50 microseconds on an idle processor. A wake-up takes as
    /// long, and on busy processors going to sleep and waking up costs more than spinning.
    /// </summary>
    private const int MostLooks = 60;

    /// <summary>A wait shorter than this costs more than spinning.</summary>
    private const long ShortWaitMicros = 100;

    /// <summary>Number of consecutive short waits before the receiver spins: a few datagrams may come close together by chance.</summary>
    private const int EnoughShortWaits = 4;

    /// <summary>
    /// For a deadline nearer than this, the receiver waits in <c>ppoll</c>. For a later one, a receive that expects a datagram soon waits in
    /// <c>recvmmsg</c>, which saves two system calls for each datagram. Only a datagram ends that wait, or the socket's timeout of 4 ms, which the
    /// kernel counts in ticks: up to 8 ms where a tick is 4 ms. So the first silence after a busy time may end 6 ms after its deadline.
    /// </summary>
    private const long NearDeadlineMicros = 2_000;

    /// <summary>If the last wait was longer, the next one is likely to be too, and starts with <c>ppoll</c>, which <see cref="Wake"/> ends at once.</summary>
    private const long SoonMicros = 1_000;

    private readonly UdpSocketFacts _facts;
    private readonly UtpClock _clock;
    private readonly ReceiveVector _received;
    private readonly WaitGate _gate = new();
    private readonly Lock _reportLock = new();
    private ReportVector? _reports;
    private BackOff _backOff;
    private bool _shortOfBuffers;
    private bool _reportsWait;
    private int _shortWaits;
    private bool _expectsSoon;

    protected LinuxDatagramChannel(ILinuxSocket socket, UdpSocketFacts facts, UtpClock clock)
    {
        _facts = facts;
        _clock = clock;
        _received = new ReceiveVector(facts.AddressFamily);
        Outgoing = new SendVector(facts.AddressFamily);
        Socket = socket;
    }

    public IPEndPoint LocalEndPoint => _facts.LocalEndPoint;

    public abstract string Name { get; }

    public abstract int MaxSegmentsPerTrain { get; }

    public virtual bool SegmentsTrains => false;

    public int ReceiveBufferBytes => _facts.ReceiveBufferBytes;

    public int SendBufferBytes => _facts.SendBufferBytes;

    public long? ReceiveDropCount => Socket.ReadDropCount();

    protected ILinuxSocket Socket { get; }

    protected SendVector Outgoing { get; }

    public unsafe bool Receive(DatagramBatch batch, Instant deadline)
    {
        batch.Clear();
        var start = _clock.Now;
        for (var began = start; !_gate.IsClosed; began = _clock.Now)
        {
            // After the deadline, or a wake request, do not wait, but still receive what has arrived.
            var woken = _gate.TakeRequest() | began >= deadline;
            if (Volatile.Read(ref _reportsWait))
            {
                TakeReports(batch);
            }

            var mayWait = !woken && batch.ReportCount == 0;
            var result = mayWait ? LookOrWait(batch, began, deadline) : Socket.ReceiveMessages(_received.Prepare(batch), batch.Capacity, mayWait: false);
            if (result > 0)
            {
                _backOff.Reset();
                var now = _clock.Now;
                _shortWaits = now - began > ShortWaitMicros ? 0 : Math.Min(_shortWaits + 1, EnoughShortWaits);
                _expectsSoon = now - start < SoonMicros;
                _received.Complete(batch, result, now);
                if (batch.Count > 0)
                {
                    return true;
                }
            }
            else if (result == 0 || result == -ErrorNumber.TryAgain)
            {
                if (mayWait)
                {
                    _shortWaits = 0;
                    _expectsSoon = false;
                    Wait(batch, deadline);
                }
            }
            else if (!ErrorNumber.MayBeReport(-result) || !TakeReports(batch))
            {
                Survive(-result, batch);
            }

            if (batch.ReportCount > 0)
            {
                return true;
            }

            if (woken)
            {
                return false;
            }
        }

        return false;
    }

    public unsafe SendOutcome Send(in Transmit transmit, ReadOnlySpan<byte> train, out int bytesSent)
    {
        bytesSent = 0;
        if (_gate.IsClosed)
        {
            return SendOutcome.Closed;
        }

        if (!Outgoing.TryAddress(transmit.Remote, transmit.Local))
        {
            return SendOutcome.Failed;
        }

        fixed (byte* bytes = train[..transmit.Length])
        {
            if (!transmit.AllowFragmentation)
            {
                return transmit.IsUnsegmented
                    ? SendDatagrams(bytes, transmit.Length, transmit.SegmentSize, ref bytesSent)
                    : SendTrain(bytes, transmit.Length, transmit.SegmentSize, ref bytesSent);
            }

            Socket.SetFragmentation(transmit.Remote.IsIPv4, allowed: true);
            var outcome = SendDatagrams(bytes, transmit.Length, transmit.SegmentSize, ref bytesSent);
            Socket.SetFragmentation(transmit.Remote.IsIPv4, allowed: false);
            return outcome;
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

        var result = Socket.WaitWritable((int)Math.Clamp(Math.Ceiling(timeout.TotalMilliseconds), 0, int.MaxValue));
        return result is not (0 or -ErrorNumber.BadDescriptor);
    }

    public void Wake()
    {
        if (_gate.Request())
        {
            Socket.Signal();
        }
    }

    public void Dispose()
    {
        if (_gate.Close())
        {
            Socket.Signal();
            Socket.Dispose();
        }
    }

    /// <summary>Sends the train in the way of the derived class; adds the number of bytes sent to <paramref name="bytesSent"/>.</summary>
    protected abstract unsafe SendOutcome SendTrain(byte* train, int length, int segmentSize, ref int bytesSent);

    /// <summary>Sends one datagram per message and many messages per call.</summary>
    protected unsafe SendOutcome SendDatagrams(byte* train, int length, int segmentSize, ref int bytesSent)
    {
        while (bytesSent < length)
        {
            int result;
            if (length - bytesSent <= segmentSize)
            {
                result = SendMessage(Outgoing.Datagram(train + bytesSent, length - bytesSent));
                bytesSent += Math.Max(result, 0);
            }
            else
            {
                var entries = Outgoing.Datagrams(train + bytesSent, length - bytesSent, segmentSize, out var count);
                result = Socket.SendMessages(entries, count);
                if (result < 0 && ErrorNumber.MayBeReport(-result))
                {
                    using var scope = BeginRepetitions();
                    for (var i = 0; i < MostRepetitions && result < 0 && ErrorNumber.MayBeReport(-result); i++)
                    {
                        result = Socket.SendMessages(entries, count);
                    }
                }

                // When the kernel sent only some of the messages, the next call returns the error that stopped the rest.
                bytesSent = Math.Min(length, bytesSent + (Math.Max(result, 0) * segmentSize));
            }

            if (result < 0)
            {
                return Outcome(-result);
            }
        }

        return SendOutcome.Sent;
    }

    /// <summary>Sends one message and retries it; see <see cref="MostRepetitions"/>.</summary>
    protected unsafe int SendMessage(MessageHeader* message)
    {
        var result = Socket.SendMessage(message);
        if (result < 0 && ErrorNumber.MayBeReport(-result))
        {
            using var scope = BeginRepetitions();
            for (var i = 0; i < MostRepetitions && result < 0 && ErrorNumber.MayBeReport(-result); i++)
            {
                result = Socket.SendMessage(message);
            }
        }

        return result;
    }

    protected SendOutcome Outcome(int error)
    {
        _shortOfBuffers = error == ErrorNumber.NoBufferSpace;
        return Outgoing.HasSource && ErrorNumber.MayBeSource(error) ? SendOutcome.SourceUnavailable : ErrorNumber.ToSendOutcome(error);
    }

    /// <summary>Receives what is there, or what comes soon; spins before it sleeps while datagrams come in quick succession.</summary>
    private unsafe int LookOrWait(DatagramBatch batch, Instant began, Instant deadline)
    {
        var entries = _received.Prepare(batch);
        for (var looks = _shortWaits == EnoughShortWaits ? MostLooks : 0; looks > 0 && _clock.Now < deadline; looks--)
        {
            var result = Socket.ReceiveMessages(entries, batch.Capacity, mayWait: false);
            if (result != -ErrorNumber.TryAgain)
            {
                return result;
            }

            Thread.Yield();
        }

        return Socket.ReceiveMessages(entries, batch.Capacity, mayWait: _expectsSoon && deadline - began >= NearDeadlineMicros);
    }

    /// <summary>Keeps the receiver from reading reports during the retries: each report read puts the error of the next one on the socket.</summary>
    private Lock.Scope BeginRepetitions()
    {
        Volatile.Write(ref _reportsWait, true);
        return _reportLock.EnterScope();
    }

    /// <summary>Reads one portion of the queued reports; false when there was none. Datagrams come before the next portion.</summary>
    private unsafe bool TakeReports(DatagramBatch batch)
    {
        Volatile.Write(ref _reportsWait, false);
        _reports ??= new ReportVector(_facts.AddressFamily);
        int count;
        using (_reportLock.EnterScope())
        {
            count = Socket.ReceiveReports(_reports.Prepare(), ReportVector.Capacity);
        }

        if (count <= 0)
        {
            return false;
        }

        if (count == ReportVector.Capacity)
        {
            Volatile.Write(ref _reportsWait, true);
        }

        _reports.Complete(batch, count);
        return true;
    }

    private void Wait(DatagramBatch batch, Instant deadline)
    {
        if (_gate.TryEnter())
        {
            // The clock truncates fractions of a microsecond.
            var result = Socket.WaitReadable(deadline.IsNever ? -1 : Math.Max(0, deadline - _clock.Now + 1));
            if (result < 0)
            {
                Survive(-result, batch);
            }
            else if (result > 0)
            {
                Volatile.Write(ref _reportsWait, true);
            }
        }

        _gate.Leave();
    }

    /// <summary>Counts an error and continues: an unconnected UDP socket reports only errors about some peer, or about memory.</summary>
    private void Survive(int error, DatagramBatch batch)
    {
        if (error == ErrorNumber.Interrupted || _gate.IsClosed)
        {
            return;
        }

        batch.ErrorCount++;
        _backOff.PauseAfterError();
    }
}
