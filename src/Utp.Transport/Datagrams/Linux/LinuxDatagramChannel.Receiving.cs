using Utp.Protocol.Time;

namespace Utp.Transport.Datagrams.Linux;

/// <content>Receiving datagrams and ICMP errors, and waiting for them.</content>
internal abstract partial class LinuxDatagramChannel
{
    /// <summary>
    /// Number of times that a receiver polls the socket and yields before it sleeps: some 50 microseconds on an idle processor. A wake-up takes as
    /// long, and on busy processors going to sleep and waking up costs more than spinning.
    /// </summary>
    private const int MaxSpins = 60;

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

    private IcmpErrorVector? _icmpErrors;
    private BackOff _backOff;
    private bool _icmpErrorsWait;
    private int _shortWaits;
    private bool _expectsSoon;

    public unsafe bool Receive(DatagramBatch batch, Instant deadline)
    {
        batch.Clear();
        var start = _clock.Now;
        for (var began = start; !_gate.IsClosed; began = _clock.Now)
        {
            // After the deadline, or a wake request, do not wait, but still receive what has arrived.
            var woken = _gate.TakeRequest() | began >= deadline;
            if (Volatile.Read(ref _icmpErrorsWait))
            {
                TakeIcmpErrors(batch);
            }

            var mayWait = !woken && batch.IcmpErrorCount == 0;
            var result = mayWait ? SpinOrWait(batch, began, deadline) : Socket.ReceiveMessages(_received.Prepare(batch), batch.Capacity, mayWait: false);
            if (result > 0)
            {
                Complete(batch, result, start, began);
            }
            else if (result is 0 or -ErrorNumber.TryAgain)
            {
                if (mayWait)
                {
                    Wait(batch, deadline);
                }
            }
            else if (!ErrorNumber.MayBeIcmpError(-result) || !TakeIcmpErrors(batch))
            {
                Survive(-result, batch);
            }

            if (woken || batch.Count > 0 || batch.IcmpErrorCount > 0)
            {
                return batch.Count > 0 || batch.IcmpErrorCount > 0;
            }
        }

        return false;
    }

    private void Complete(DatagramBatch batch, int count, Instant start, Instant began)
    {
        _backOff.Reset();
        var now = _clock.Now;
        _shortWaits = now - began > ShortWaitMicros ? 0 : Math.Min(_shortWaits + 1, EnoughShortWaits);
        _expectsSoon = now - start < SoonMicros;
        _received.Complete(batch, count, now);
    }

    /// <summary>Receives what is there, or what comes soon; spins before it sleeps while datagrams come in quick succession.</summary>
    private unsafe int SpinOrWait(DatagramBatch batch, Instant began, Instant deadline)
    {
        var entries = _received.Prepare(batch);
        for (var spins = _shortWaits == EnoughShortWaits ? MaxSpins : 0; spins > 0 && _clock.Now < deadline; spins--)
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

    /// <summary>Reads one portion of the queued ICMP errors; false when there was none. Datagrams come before the next portion.</summary>
    private unsafe bool TakeIcmpErrors(DatagramBatch batch)
    {
        Volatile.Write(ref _icmpErrorsWait, false);
        _icmpErrors ??= new IcmpErrorVector(_facts.AddressFamily);
        int count;
        using (_icmpErrorLock.EnterScope())
        {
            count = Socket.ReceiveIcmpErrors(_icmpErrors.Prepare(), IcmpErrorVector.Capacity);
        }

        if (count <= 0)
        {
            return false;
        }

        if (count == IcmpErrorVector.Capacity)
        {
            Volatile.Write(ref _icmpErrorsWait, true);
        }

        _icmpErrors.Complete(batch, count);
        return true;
    }

    private void Wait(DatagramBatch batch, Instant deadline)
    {
        _shortWaits = 0;
        _expectsSoon = false;
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
                Volatile.Write(ref _icmpErrorsWait, true);
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
