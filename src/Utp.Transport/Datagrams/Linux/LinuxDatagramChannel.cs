using System.Net;
using Utp.Protocol.Sockets;
using Utp.Transport.Engine;

namespace Utp.Transport.Datagrams.Linux;

/// <summary>
/// Receives with <c>recvmmsg</c>, which itself waits for a few milliseconds while datagrams come often, and then waits with <c>ppoll</c>, up to the
/// deadline, on the socket and an event descriptor: no network can swallow that wake-up. Derived classes define how a train is sent. ICMP errors
/// wait in the socket's error queue, and the error number of an ICMP error also fails the next call on the socket, whatever its destination. A
/// send that fails this way is retried; a receive that fails this way reads the ICMP errors.
/// </summary>
internal abstract partial class LinuxDatagramChannel : IDatagramChannel
{
    /// <summary>
    /// Maximum number of retries of a send whose error may come from a queued ICMP error about another datagram. A retry can fail only from an ICMP
    /// error that has come since the last one, a microsecond ago; an error that stays is the call's own.
    /// </summary>
    private const int MaxRetries = 8;

    private readonly UdpSocketFacts _facts;
    private readonly UtpClock _clock;
    private readonly ReceiveVector _received;
    private readonly WaitGate _gate = new();
    private readonly Lock _icmpErrorLock = new();
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

    public virtual bool SegmentsTrains => false;

    public int ReceiveBufferBytes => _facts.ReceiveBufferBytes;

    public int SendBufferBytes => _facts.SendBufferBytes;

    public long? ReceiveDropCount => Socket.ReadDropCount();

    protected ILinuxSocket Socket { get; }

    protected SendVector Outgoing { get; }

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
                if (result < 0 && ErrorNumber.MayBeIcmpError(-result))
                {
                    using var scope = BeginRetries();
                    for (var i = 0; i < MaxRetries && result < 0 && ErrorNumber.MayBeIcmpError(-result); i++)
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

    /// <summary>Sends one message and retries it; see <see cref="MaxRetries"/>.</summary>
    protected unsafe int SendMessage(MessageHeader* message)
    {
        var result = Socket.SendMessage(message);
        if (result < 0 && ErrorNumber.MayBeIcmpError(-result))
        {
            using var scope = BeginRetries();
            for (var i = 0; i < MaxRetries && result < 0 && ErrorNumber.MayBeIcmpError(-result); i++)
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

    /// <summary>Keeps the receiver from reading ICMP errors during the retries: each one read puts the error of the next one on the socket.</summary>
    private Lock.Scope BeginRetries()
    {
        Volatile.Write(ref _icmpErrorsWait, true);
        return _icmpErrorLock.EnterScope();
    }
}
