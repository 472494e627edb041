using System.Net;
using System.Net.Sockets;
using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Transport.Datagrams;
using Utp.Transport.Datagrams.Portable;
using static Utp.Transport.Tests.Datagrams.ChannelFixture;

namespace Utp.Transport.Tests.Datagrams;

/// <summary>Every error that a socket can report, injected into every call.</summary>
public sealed class PortableDatagramChannelFaultTests
{
    private static readonly UdpSocketFacts Facts = new(AddressFamily.InterNetwork, new IPEndPoint(IPAddress.Loopback, 4_242));

    private static readonly LocalAddress Source = LocalAddress.FromIPv4(0x7F000002);

    public static TheoryData<SocketError> EveryError => new(Enum.GetValues<SocketError>().Where(error => error != SocketError.Success).Distinct());

    [Theory]
    [MemberData(nameof(EveryError))]
    public async Task Receive_AfterAnySocketError_GoesOn(SocketError error)
    {
        using var socket = new FaultySocket();
        using var channel = new PortableDatagramChannel(socket, Facts, Clock);
        foreach (var call in new[] { FaultyCall.Receive, FaultyCall.Available, FaultyCall.WaitReadable, FaultyCall.PendingError })
        {
            // The check behind a datagram happens once per receive; every other call happens until one has arrived.
            var times = call == FaultyCall.Available ? 1 : 3;
            socket.Fail(call, error, times);
            socket.Arriving.Enqueue([1, 2, 3]);
            var batch = NewBatch();

            Assert.True(await Task.Run(() => channel.Receive(batch)).WaitAsync(Patience), $"Receive gave up on {error} in {call}.");

            Assert.Equal([1, 2, 3], batch.BytesOf(0).ToArray());
            Assert.Equal(0, socket.FailuresLeft);
            Assert.Equal(SocketErrors.IsNothingReceived(error) ? 0 : times, batch.ErrorCount);
        }
    }

    [Fact]
    public async Task Receive_SocketFailingForLong_GoesOnWithoutSpinning()
    {
        using var socket = new FaultySocket();
        using var channel = new PortableDatagramChannel(socket, Facts, Clock);
        socket.Fail(FaultyCall.Receive, SocketError.ConnectionReset, times: 70);
        socket.Arriving.Enqueue([7]);
        var batch = NewBatch();
        var start = Clock.Now;

        Assert.True(await Task.Run(() => channel.Receive(batch)).WaitAsync(Patience));

        Assert.Equal(70, batch.ErrorCount);
        Assert.True(Clock.Now - start >= 50_000, "Six errors past the limit must have slowed receiving down.");
    }

    [Theory]
    [InlineData(SocketError.WouldBlock, nameof(SendOutcome.WouldBlock))]
    [InlineData(SocketError.NoBufferSpaceAvailable, nameof(SendOutcome.WouldBlock))]
    [InlineData(SocketError.MessageSize, nameof(SendOutcome.MessageTooLong))]
    [InlineData(SocketError.HostUnreachable, nameof(SendOutcome.Failed))]
    [InlineData(SocketError.NetworkUnreachable, nameof(SendOutcome.Failed))]
    [InlineData(SocketError.AccessDenied, nameof(SendOutcome.Failed))]
    [InlineData(SocketError.ConnectionReset, nameof(SendOutcome.Failed))]
    [InlineData(SocketError.ConnectionRefused, nameof(SendOutcome.Failed))]
    [InlineData(SocketError.NetworkDown, nameof(SendOutcome.Failed))]
    [InlineData(SocketError.HostDown, nameof(SendOutcome.Failed))]
    [InlineData(SocketError.InvalidArgument, nameof(SendOutcome.Failed))]
    [InlineData(SocketError.AddressNotAvailable, nameof(SendOutcome.Failed))]
    [InlineData(SocketError.OperationAborted, nameof(SendOutcome.Closed))]
    [InlineData(SocketError.NotSocket, nameof(SendOutcome.Closed))]
    public void Send_SocketError_HasItsOutcome(SocketError error, string outcome)
    {
        using var socket = new FaultySocket();
        using var channel = new PortableDatagramChannel(socket, Facts, Clock);
        socket.Fail(FaultyCall.Send, error, times: 1, after: 2);

        Assert.Equal(outcome, channel.Send(Train(10, 3), new byte[10], out var bytesSent).ToString());

        Assert.Equal(6, bytesSent);
        Assert.Equal(SendOutcome.Sent, channel.Send(Train(10, 3), new byte[10], out bytesSent));
        Assert.Equal(10, bytesSent);
    }

    [Theory]
    [MemberData(nameof(EveryError))]
    public void Send_AnySocketError_IsAValueAndTheNextSendWorks(SocketError error)
    {
        using var socket = new FaultySocket();
        using var channel = new PortableDatagramChannel(socket, Facts, Clock);
        socket.Fail(FaultyCall.Send, error, times: 1);

        Assert.NotEqual(SendOutcome.Sent, channel.Send(Train(10, 3), new byte[10], out _));
        Assert.Equal(SendOutcome.Sent, channel.Send(Train(10, 3), new byte[10], out _));
    }

    [Theory]
    [MemberData(nameof(EveryError))]
    public async Task Wake_WakeDatagramRefused_StillEndsTheWait(SocketError error)
    {
        using var socket = new FaultySocket();
        using var channel = new PortableDatagramChannel(socket, Facts, Clock);
        socket.Fail(FaultyCall.Send, error, times: int.MaxValue);
        var receive = Task.Run(() => channel.Receive(NewBatch()));
        Assert.True(SpinWait.SpinUntil(() => socket.WaitCount > 0, Patience));

        channel.Wake();

        Assert.False(await receive.WaitAsync(Patience));
    }

    [Fact]
    public async Task Receive_SocketThatTellsLocalAddresses_PassesThemOn()
    {
        using var socket = new FaultySocket { Local = Source };
        using var channel = new PortableDatagramChannel(socket, Facts, Clock);
        socket.Arriving.Enqueue([1]);
        var batch = NewBatch();

        Assert.True(await Task.Run(() => channel.Receive(batch)).WaitAsync(Patience));

        Assert.Equal(Source, batch[0].Local);
    }

    [Theory]
    [InlineData(SocketError.InvalidArgument)]
    [InlineData(SocketError.AddressNotAvailable)]
    [InlineData(SocketError.NetworkUnreachable)]
    public void Send_SourceRefused_SaysSoAndKeepsTheRest(SocketError error)
    {
        using var socket = new FaultySocket();
        using var channel = new PortableDatagramChannel(socket, Facts, Clock);
        socket.Fail(FaultyCall.Send, error, times: 1, after: 1);

        Assert.Equal(SendOutcome.SourceUnavailable, channel.Send(Train(10, 3) with { Local = Source }, new byte[10], out var bytesSent));

        Assert.Equal(3, bytesSent);
        Assert.Equal(SendOutcome.Sent, channel.Send(Train(7, 3), new byte[7], out _));
        Assert.Equal(["send from 127.0.0.2", "send", "send", "send"], socket.Journal);
    }

    [Fact]
    public void WaitWritable_OutOfBuffers_WaitsByTime()
    {
        using var socket = new FaultySocket();
        using var channel = new PortableDatagramChannel(socket, Facts, Clock);
        socket.Fail(FaultyCall.Send, SocketError.NoBufferSpaceAvailable, times: 1);
        channel.Send(Train(3, 3), new byte[3], out _);
        var start = Clock.Now;

        // The system reports such a socket as writable at once, which would make the caller spin.
        Assert.True(channel.WaitWritable(TimeSpan.FromSeconds(5)));

        Assert.True(Clock.Now - start >= 500);
        Assert.Equal(0, socket.WritableWaitCount);
    }

    [Fact]
    public void Send_FragmentationAllowed_OnlyForThatTrain()
    {
        using var socket = new FaultySocket();
        using var channel = new PortableDatagramChannel(socket, Facts, Clock);

        channel.Send(Train(6, 3), new byte[6], out _);
        channel.Send(Train(6, 3) with { AllowFragmentation = true }, new byte[6], out _);
        socket.Fail(FaultyCall.Send, SocketError.HostUnreachable, times: 1);
        channel.Send(Train(6, 3) with { AllowFragmentation = true }, new byte[6], out _);
        channel.Send(Train(3, 3), new byte[3], out _);

        Assert.Equal(["send", "send", "allow", "send", "send", "forbid", "allow", "forbid", "send"], socket.Journal);
    }

    private static Transmit Train(int length, int segmentSize) => new(PeerAddress.FromIPv4(0x7F000001, 9), length, segmentSize, false, null);

    private enum FaultyCall
    {
        None,
        Receive,
        Available,
        WaitReadable,
        PendingError,
        Send,
    }

    private sealed class FaultySocket : IDatagramSocket
    {
        private FaultyCall _faultyCall;
        private SocketError _error;
        private int _after;
        private int _waitCount;

        public Queue<byte[]> Arriving { get; } = new();

        public List<string> Journal { get; } = [];

        /// <summary>Destination of arriving datagrams.</summary>
        public LocalAddress Local { get; set; }

        public int FailuresLeft { get; private set; }

        public int WaitCount => Volatile.Read(ref _waitCount);

        public int WritableWaitCount { get; private set; }

        public int Available
        {
            get
            {
                ThrowIf(FaultyCall.Available);
                return Arriving.Count > 0 ? 1 : 0;
            }
        }

        public void Fail(FaultyCall call, SocketError error, int times, int after = 0) =>
            (_faultyCall, _error, FailuresLeft, _after) = (call, error, times, after);

        public bool WaitReadable(TimeSpan timeout)
        {
            Interlocked.Increment(ref _waitCount);
            ThrowIf(FaultyCall.WaitReadable);
            return Arriving.Count > 0 && !(_faultyCall == FaultyCall.PendingError && FailuresLeft > 0);
        }

        public bool WaitWritable(TimeSpan timeout)
        {
            WritableWaitCount++;
            return true;
        }

        public int Receive(Span<byte> buffer, SocketAddress remote, out LocalAddress local)
        {
            ThrowIf(FaultyCall.Receive);
            local = Local;
            var datagram = Arriving.Dequeue();
            datagram.CopyTo(buffer);
            return datagram.Length;
        }

        public void Send(ReadOnlySpan<byte> datagram, SocketAddress remote, in LocalAddress local)
        {
            ThrowIf(FaultyCall.Send);
            Journal.Add(local.IsUnspecified ? "send" : $"send from {local}");
        }

        public SocketError TakePendingError()
        {
            if (_faultyCall != FaultyCall.PendingError || FailuresLeft == 0)
            {
                return SocketError.Success;
            }

            FailuresLeft--;
            return _error;
        }

        public void SetFragmentation(bool ipv4, bool allowed)
        {
            Assert.True(ipv4);
            Journal.Add(allowed ? "allow" : "forbid");
        }

        public long? ReadDropCount() => null;

        public void Dispose()
        {
        }

        private void ThrowIf(FaultyCall call)
        {
            if (call == _faultyCall && FailuresLeft > 0 && _after-- <= 0)
            {
                FailuresLeft--;
                throw new SocketException((int)_error);
            }
        }
    }
}
