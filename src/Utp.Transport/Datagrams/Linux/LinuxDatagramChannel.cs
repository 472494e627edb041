using System.Net;
using Utp.Protocol;
using Utp.Transport.Engine;

namespace Utp.Transport.Datagrams.Linux;

/// <summary>
/// Receiving with <c>recvmmsg</c> and waiting with <c>poll</c> on the socket and an event descriptor: no time-out, no wake-up that a
/// network could swallow. How a train is sent is the kinds' own.
/// </summary>
internal abstract class LinuxDatagramChannel : IDatagramChannel
{
    private readonly UdpSocketFacts _facts;
    private readonly UtpClock _clock;
    private readonly ReceiveVector _received;
    private readonly WaitGate _gate = new();
    private BackOff _backOff;
    private bool _shortOfBuffers;

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

    public int ReceiveBufferBytes => _facts.ReceiveBufferBytes;

    public int SendBufferBytes => _facts.SendBufferBytes;

    public long? ReceiveDropCount => Socket.ReadDropCount();

    protected ILinuxSocket Socket { get; }

    protected SendVector Outgoing { get; }

    public unsafe bool Receive(DatagramBatch batch)
    {
        batch.Clear();
        while (!_gate.IsClosed)
        {
            var woken = _gate.TakeRequest();
            var result = Socket.ReceiveMessages(_received.Prepare(batch), batch.Capacity);
            if (result > 0)
            {
                _backOff.Reset();
                _received.Complete(batch, result, _clock.Now);
                if (batch.Count > 0)
                {
                    return true;
                }
            }
            else if (result == 0 || result == -ErrorNumber.TryAgain)
            {
                if (!woken)
                {
                    Wait(batch);
                }
            }
            else
            {
                Survive(-result, batch);
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

        if (!Outgoing.TryAddress(transmit.Remote))
        {
            return SendOutcome.Failed;
        }

        fixed (byte* bytes = train[..transmit.Length])
        {
            if (!transmit.AllowFragmentation)
            {
                return SendTrain(bytes, transmit.Length, transmit.SegmentSize, ref bytesSent);
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

    /// <summary>Sends the train by the best means of the kind; adds what left to <paramref name="bytesSent"/>.</summary>
    protected abstract unsafe SendOutcome SendTrain(byte* train, int length, int segmentSize, ref int bytesSent);

    /// <summary>One datagram per message, many messages per call.</summary>
    protected unsafe SendOutcome SendDatagrams(byte* train, int length, int segmentSize, ref int bytesSent)
    {
        while (bytesSent < length)
        {
            int result;
            if (length - bytesSent <= segmentSize)
            {
                result = Socket.SendMessage(Outgoing.Datagram(train + bytesSent, length - bytesSent));
                bytesSent += Math.Max(result, 0);
            }
            else
            {
                var entries = Outgoing.Datagrams(train + bytesSent, length - bytesSent, segmentSize, out var count);
                result = Socket.SendMessages(entries, count);

                // When fewer left than were given, the error that stopped the rest shows in the next call.
                bytesSent = Math.Min(length, bytesSent + (Math.Max(result, 0) * segmentSize));
            }

            if (result < 0)
            {
                return Outcome(-result);
            }
        }

        return SendOutcome.Sent;
    }

    protected SendOutcome Outcome(int error)
    {
        _shortOfBuffers = error == ErrorNumber.NoBufferSpace;
        return ErrorNumber.ToSendOutcome(error);
    }

    private void Wait(DatagramBatch batch)
    {
        if (_gate.TryEnter())
        {
            var result = Socket.WaitReadable();
            if (result < 0)
            {
                Survive(-result, batch);
            }
        }

        _gate.Leave();
    }

    /// <summary>No error of a receive ends it: what an unconnected UDP socket reports is news about some peer, or about memory.</summary>
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
