using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Transport.Datagrams;
using Utp.Transport.Datagrams.Linux;
using Utp.Transport.Engine;
using static Utp.Transport.Tests.Datagrams.ChannelFixture;

namespace Utp.Transport.Tests.Datagrams.Linux;

/// <summary>Every error number, injected into every call of the Linux channels.</summary>
public sealed class LinuxDatagramChannelFaultTests
{
    private const int LastErrorNumber = 133;

    private static readonly UdpSocketFacts Facts = new(AddressFamily.InterNetwork, new IPEndPoint(IPAddress.Loopback, 4_242));

    [Fact]
    public async Task Receive_AfterAnyError_GoesOn()
    {
        for (var error = 1; error <= LastErrorNumber; error++)
        {
            using var socket = new FakeLinuxSocket();
            using var channel = new MessageBatchDatagramChannel(socket, Facts, Clock);
            var batch = NewBatch();
            foreach (var results in new[] { socket.ReceiveResults, socket.WaitResults })
            {
                socket.ReceiveResults.Enqueue(-ErrorNumber.TryAgain);
                results.Enqueue(-error);
                socket.Arriving.Enqueue([1, 2, 3]);

                Assert.True(await Task.Run(() => channel.Receive(batch)).WaitAsync(Patience), $"Receive gave up on error {error}.");

                Assert.Equal([1, 2, 3], batch.BytesOf(0).ToArray());
                Assert.Empty(results);
            }

            // TryAgain means "no datagram" only when the receive itself returns it.
            Assert.Equal(error == ErrorNumber.Interrupted ? 0 : 1, batch.ErrorCount);
        }
    }

    [Theory]
    [InlineData(ErrorNumber.TryAgain, nameof(SendOutcome.WouldBlock))]
    [InlineData(ErrorNumber.NoBufferSpace, nameof(SendOutcome.WouldBlock))]
    [InlineData(ErrorNumber.OutOfMemory, nameof(SendOutcome.WouldBlock))]
    [InlineData(ErrorNumber.MessageTooLong, nameof(SendOutcome.MessageTooLong))]
    [InlineData(ErrorNumber.NotPermitted, nameof(SendOutcome.Failed))]
    [InlineData(ErrorNumber.Access, nameof(SendOutcome.Failed))]
    [InlineData(ErrorNumber.NetworkUnreachable, nameof(SendOutcome.Failed))]
    [InlineData(ErrorNumber.InvalidArgument, nameof(SendOutcome.Failed))]
    [InlineData(ErrorNumber.BadDescriptor, nameof(SendOutcome.Closed))]
    [InlineData(ErrorNumber.NotSocket, nameof(SendOutcome.Closed))]
    public void Send_ErrorBehindTheFirstSegments_HasItsOutcomeAndKeepsTheRest(int error, string outcome)
    {
        using var socket = new FakeLinuxSocket();
        using var channel = new MessageBatchDatagramChannel(socket, Facts, Clock);
        var train = Bytes(1_000, 1);
        socket.DatagramResults.Enqueue(2);
        socket.DatagramFailure = -error;

        Assert.Equal(outcome, channel.Send(Train(1_000, 300), train, out var bytesSent).ToString());
        Assert.Equal(600, bytesSent);
        Assert.Equal(["batch 4", .. Enumerable.Repeat("batch 2", ErrorNumber.MayBeIcmpError(error) ? 9 : 1)], socket.Journal);

        socket.DatagramFailure = 0;
        Assert.Equal(SendOutcome.Sent, channel.Send(Train(400, 300), train.AsSpan(600), out bytesSent));
        Assert.Equal(400, bytesSent);
        Assert.Equal(train, socket.Sent);
    }

    [Theory]
    [InlineData(1_400, 1_400, "datagram 1400")]
    [InlineData(17, 1_400, "datagram 17")]
    [InlineData(2_801, 1_400, "train 2801/1400")]
    [InlineData(65_000, 1_000, "train 64000/1000", "datagram 1000")]
    [InlineData(70_000, 1_400, "train 64400/1400", "train 5600/1400")]
    [InlineData(130, 1, "train 64/1", "train 64/1", "train 2/1")]
    [InlineData(120_000, 60_000, "batch 2")]
    public void Send_OffloadTrain_IsCutToWhatTheKernelTakes(int length, int segmentSize, params string[] expected)
    {
        using var socket = new FakeLinuxSocket();
        using var channel = new OffloadDatagramChannel(socket, Facts, Clock);
        var train = Bytes(length, 2);

        Assert.Equal(SendOutcome.Sent, channel.Send(Train(length, segmentSize), train, out var bytesSent));

        Assert.Equal(length, bytesSent);
        Assert.Equal(expected, socket.Journal);
        Assert.Equal(train, socket.Sent);
    }

    [Theory]
    [InlineData(ErrorNumber.InputOutput)]
    [InlineData(ErrorNumber.InvalidArgument)]
    public void Send_DeviceRefusesSegmentation_SendsDatagramsFromThenOn(int error)
    {
        using var socket = new FakeLinuxSocket();
        using var channel = new OffloadDatagramChannel(socket, Facts, Clock);
        var train = Bytes(4_000, 3);
        socket.TrainResults.Enqueue(-error);

        Assert.Equal(SendOutcome.Sent, channel.Send(Train(4_000, 1_400), train, out var bytesSent));
        Assert.Equal(4_000, bytesSent);
        Assert.Equal(train, socket.Sent);
        Assert.Equal(SendOutcome.Sent, channel.Send(Train(4_000, 1_400), train, out _));

        Assert.Equal(["train 4000/1400", "batch 3", "batch 3"], socket.Journal);
    }

    /// <summary>A firewall rule about the length of packets; a later rule may allow them, so the channel continues to send trains.</summary>
    [Fact]
    public void Send_TrainForbidden_SendsItsDatagramsAndSaysSo()
    {
        using var socket = new FakeLinuxSocket();
        using var channel = new OffloadDatagramChannel(socket, Facts, Clock);
        var train = Bytes(4_000, 3);
        socket.TrainResults.Enqueue(-ErrorNumber.NotPermitted);

        Assert.Equal(SendOutcome.SentOneByOne, channel.Send(Train(4_000, 1_400), train, out var bytesSent));
        Assert.Equal(4_000, bytesSent);
        Assert.Equal(train, socket.Sent);
        Assert.Equal(SendOutcome.Sent, channel.Send(Train(4_000, 1_400), train, out _));

        Assert.Equal(["train 4000/1400", "batch 3", "train 4000/1400"], socket.Journal);
    }

    [Fact]
    public void Send_EverythingForbidden_Fails()
    {
        using var socket = new FakeLinuxSocket { DatagramFailure = -ErrorNumber.NotPermitted };
        using var channel = new OffloadDatagramChannel(socket, Facts, Clock);
        socket.TrainResults.Enqueue(-ErrorNumber.NotPermitted);

        Assert.Equal(SendOutcome.Failed, channel.Send(Train(4_000, 1_400), new byte[4_000], out var bytesSent));
        Assert.Equal(0, bytesSent);
        Assert.True(channel.SegmentsTrains);
    }

    /// <summary>Retransmissions, and all datagrams once trains have been found to vanish.</summary>
    [Fact]
    public void Send_Unsegmented_LeavesTheCuttingToNobody()
    {
        using var socket = new FakeLinuxSocket();
        using var channel = new OffloadDatagramChannel(socket, Facts, Clock);

        channel.Send(Train(4_000, 1_400) with { IsUnsegmented = true }, new byte[4_000], out var bytesSent);

        Assert.Equal(4_000, bytesSent);
        Assert.True(channel.SegmentsTrains);
        Assert.Equal(["batch 3"], socket.Journal);
    }

    [Fact]
    public void Send_TrainRefusedForItsLength_DoesNotBlameSegmentation()
    {
        using var socket = new FakeLinuxSocket();
        using var channel = new OffloadDatagramChannel(socket, Facts, Clock);
        var train = Bytes(4_000, 3);
        socket.TrainResults.Enqueue(-ErrorNumber.InvalidArgument);
        socket.DatagramFailure = -ErrorNumber.MessageTooLong;

        Assert.Equal(SendOutcome.MessageTooLong, channel.Send(Train(4_000, 1_400), train, out var bytesSent));
        Assert.Equal(0, bytesSent);
        socket.DatagramFailure = 0;
        Assert.Equal(SendOutcome.Sent, channel.Send(Train(4_000, 1_200), train, out _));

        Assert.Equal(["train 4000/1400", "batch 3", "train 4000/1200"], socket.Journal.Distinct());
    }

    [Fact]
    public void Send_BufferFullBetweenTrains_KeepsTheRest()
    {
        using var socket = new FakeLinuxSocket();
        using var channel = new OffloadDatagramChannel(socket, Facts, Clock);
        var train = Bytes(100_000, 3);
        socket.TrainResults.Enqueue(64_400);
        socket.TrainResults.Enqueue(-ErrorNumber.TryAgain);

        Assert.Equal(SendOutcome.WouldBlock, channel.Send(Train(100_000, 1_400), train, out var bytesSent));
        Assert.Equal(64_400, bytesSent);
    }

    [Fact]
    public void Send_FragmentationAllowed_SendsDatagramsAndForbidsAgain()
    {
        using var socket = new FakeLinuxSocket();
        using var channel = new OffloadDatagramChannel(socket, Facts, Clock);

        channel.Send(Train(2_800, 1_400) with { AllowFragmentation = true }, new byte[2_800], out _);
        socket.DatagramResults.Enqueue(-ErrorNumber.NotPermitted);
        channel.Send(Train(1_400, 1_400) with { AllowFragmentation = true }, new byte[1_400], out _);

        Assert.Equal(["allow IPv4", "batch 2", "forbid IPv4", "allow IPv4", "datagram 1400", "forbid IPv4"], socket.Journal);
    }

    [Fact]
    public void WaitWritable_OutOfBuffers_WaitsByTime()
    {
        using var socket = new FakeLinuxSocket();
        using var channel = new MessageBatchDatagramChannel(socket, Facts, Clock);
        socket.DatagramResults.Enqueue(-ErrorNumber.NoBufferSpace);
        channel.Send(Train(5, 5), new byte[5], out _);
        var start = Clock.Now;

        Assert.True(channel.WaitWritable(TimeSpan.FromSeconds(5)));
        Assert.True(Clock.Now - start >= 500);
    }

    [Fact]
    public void Wake_NobodyWaits_CostsNoSystemCall()
    {
        using var socket = new FakeLinuxSocket();
        using var channel = new MessageBatchDatagramChannel(socket, Facts, Clock);

        channel.Wake();

        Assert.Equal(0, socket.SignalCount);
        Assert.False(channel.Receive(NewBatch()));
    }

    [Fact]
    public void Receive_DatagramsInQuickSuccession_LooksBeforeItWaitsUntilAWaitIsLong()
    {
        var time = new FakeTimeProvider();
        using var socket = new FakeLinuxSocket();
        using var channel = new MessageBatchDatagramChannel(socket, Facts, new UtpClock(time));
        var batch = NewBatch();
        for (var i = 0; i < 4; i++)
        {
            socket.Arriving.Enqueue([1]);
            Assert.True(channel.Receive(batch));
        }

        Assert.Equal(0, socket.FruitlessLooks);
        socket.Waiting = () =>
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            socket.Arriving.Enqueue([2]);
        };
        Assert.True(channel.Receive(batch));
        var looks = socket.FruitlessLooks;
        Assert.InRange(looks, 10, 1_000);

        Assert.True(channel.Receive(batch));
        Assert.InRange(socket.FruitlessLooks, looks, looks + 1);
    }

    [Theory]
    [InlineData(1_999, false)]
    [InlineData(2_000, true)]
    [InlineData(60_000, true)]
    public void Receive_AfterAShortWait_WaitsInTheReceiveOnlyWhenTheDeadlineIsFar(int micros, bool waitsInReceive)
    {
        var time = new FakeTimeProvider();
        var clock = new UtpClock(time);
        using var socket = new FakeLinuxSocket();
        using var channel = new MessageBatchDatagramChannel(socket, Facts, clock);
        var batch = NewBatch();
        socket.Arriving.Enqueue([1]);
        Assert.True(channel.Receive(batch));
        Assert.Equal(0, socket.WaitingReceives);
        socket.Waiting = () => time.Advance(TimeSpan.FromMicroseconds(micros));

        Assert.False(channel.Receive(batch, clock.Now + micros));

        Assert.Equal(waitsInReceive ? 1 : 0, socket.WaitingReceives);
        Assert.Equal([micros + 1], socket.WaitTimeouts);
    }

    [Fact]
    public void Receive_AfterALongWait_StartsWithTheWaitThatARequestEnds()
    {
        var time = new FakeTimeProvider();
        using var socket = new FakeLinuxSocket();
        using var channel = new MessageBatchDatagramChannel(socket, Facts, new UtpClock(time));
        var batch = NewBatch();
        for (var i = 0; i < 3; i++)
        {
            socket.Waiting = () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(5));
                socket.Arriving.Enqueue([2]);
            };
            Assert.True(channel.Receive(batch));
        }

        Assert.Equal(0, socket.WaitingReceives);
        Assert.Equal([-1, -1, -1], socket.WaitTimeouts);
    }

    private static Transmit Train(int length, int segmentSize) => new(PeerAddress.FromIPv4(0x7F000001, 9), length, segmentSize, false, null);
}
