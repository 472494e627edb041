using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Transport.Datagrams;
using static Utp.Transport.Tests.Datagrams.ChannelFixture;

namespace Utp.Transport.Tests.Datagrams;

/// <summary>Requirements on every channel over a real socket.</summary>
public sealed class DatagramChannelTests
{
    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Send_TrainWithShorterTail_ArrivesAsItsSegments(UtpDatagramOffload offload)
    {
        using var sender = Open(offload);
        using var receiver = Open(offload);
        var train = Bytes((4 * 1_400) + 333, seed: 1);

        var outcome = sender.Send(To(receiver, train.Length, 1_400), train, out var bytesSent);
        var datagrams = await CollectAsync(receiver, 5);

        Assert.Equal(SendOutcome.Sent, outcome);
        Assert.Equal(train.Length, bytesSent);
        AssertSame(Cut(train, 1_400), datagrams);
        Assert.All(datagrams, datagram => Assert.Equal(AddressOf(sender), datagram.Remote));
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Send_TrainsOfEverySegmentCount_ArriveWhole(UtpDatagramOffload offload)
    {
        using var sender = Open(offload);
        using var receiver = Open(offload);
        for (var count = 1; count <= 80; count++)
        {
            var train = Bytes((count * 997) - (count % 3), seed: count);
            Assert.Equal(SendOutcome.Sent, sender.Send(To(receiver, train.Length, 997), train, out _));

            var datagrams = await CollectAsync(receiver, count);

            AssertSame(Cut(train, 997), datagrams);
        }
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Send_TrainInALargerBuffer_SendsOnlyItsLength(UtpDatagramOffload offload)
    {
        using var sender = Open(offload);
        using var receiver = Open(offload);
        var buffer = Bytes(10_000, seed: 3);

        sender.Send(To(receiver, 2_500, 1_000), buffer, out var bytesSent);
        sender.Send(To(receiver, 7, 1_000), buffer, out _);
        var datagrams = await CollectAsync(receiver, 4);

        Assert.Equal(2_500, bytesSent);
        AssertSame([.. Cut(buffer[..2_500], 1_000), buffer[..7]], datagrams);
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Receive_IPv4PeerOnDualModeSocket_HasPlainIPv4Address(UtpDatagramOffload offload)
    {
        using var sender = Open(offload, IPAddress.Loopback);
        using var receiver = Open(offload, IPAddress.IPv6Any);
        var toReceiver = new Transmit(PeerAddress.FromIPv4(0x7F000001, (ushort)receiver.LocalEndPoint.Port), 5, 5, false, null);

        Assert.Equal(SendOutcome.Sent, sender.Send(toReceiver, Bytes(5, 1), out _));
        var arrived = Assert.Single(await CollectAsync(receiver, 1));
        Assert.Equal(AddressOf(sender), arrived.Remote);
        Assert.True(arrived.Remote.IsIPv4);

        Assert.Equal(SendOutcome.Sent, receiver.Send(new Transmit(arrived.Remote, 9, 9, false, null), Bytes(9, 2), out _));
        var answer = Assert.Single(await CollectAsync(sender, 1));
        Assert.Equal(toReceiver.Remote, answer.Remote);
        Assert.Equal(Bytes(9, 2), answer.Bytes);
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable, needsIPv6: true)]
    [OverChannel(UtpDatagramOffload.Batching, needsIPv6: true)]
    [OverChannel(UtpDatagramOffload.Segmentation, needsIPv6: true)]
    public async Task Receive_IPv6Peer_CanBeAnswered(UtpDatagramOffload offload)
    {
        using var sender = Open(offload, IPAddress.IPv6Loopback);
        foreach (var address in new[] { IPAddress.IPv6Any, IPAddress.IPv6Loopback })
        {
            using var receiver = Open(offload, address);
            sender.Send(To(receiver, 5, 5), Bytes(5, 1), out _);
            var arrived = Assert.Single(await CollectAsync(receiver, 1));
            Assert.Equal(AddressOf(sender), arrived.Remote);

            receiver.Send(new Transmit(arrived.Remote, 9, 9, false, null), Bytes(9, 2), out _);
            var answer = Assert.Single(await CollectAsync(sender, 1));
            Assert.Equal(AddressOf(receiver), answer.Remote);
        }
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public void Send_IPv6RemoteOnIPv4Socket_Fails(UtpDatagramOffload offload)
    {
        using var sender = Open(offload, IPAddress.Loopback);
        var remote = PeerAddress.FromEndPoint(new IPEndPoint(IPAddress.IPv6Loopback, 9));

        Assert.Equal(SendOutcome.Failed, sender.Send(new Transmit(remote, 5, 5, false, null), Bytes(5, 1), out var bytesSent));
        Assert.Equal(0, bytesSent);
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Send_FailureToOneRemote_LeavesOthersReachable(UtpDatagramOffload offload)
    {
        using var sender = Open(offload);
        using var receiver = Open(offload);

        // Port 0 is not a valid destination.
        var nowhere = new Transmit(PeerAddress.FromIPv4(0x7F000001, 0), 5, 5, false, null);
        Assert.Equal(SendOutcome.Failed, sender.Send(nowhere, Bytes(5, 1), out _));
        Assert.Equal(SendOutcome.Sent, sender.Send(To(receiver, 5, 5), Bytes(5, 1), out _));

        Assert.Equal(Bytes(5, 1), Assert.Single(await CollectAsync(receiver, 1)).Bytes);
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public void Send_LongerThanUdpAllows_IsMessageTooLong(UtpDatagramOffload offload)
    {
        using var sender = Open(offload);
        using var receiver = Open(offload);

        Assert.Equal(SendOutcome.MessageTooLong, sender.Send(To(receiver, 65_510, 65_510), new byte[65_510], out var bytesSent));
        Assert.Equal(0, bytesSent);
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Send_FragmentationAllowed_ArrivesAndForbidsItAgain(UtpDatagramOffload offload)
    {
        using var sender = Open(offload);
        using var receiver = Open(offload);
        var train = Bytes(3_000, 4);

        Assert.Equal(SendOutcome.Sent, sender.Send(To(receiver, 3_000, 1_400, allowFragmentation: true), train, out _));
        Assert.Equal(SendOutcome.Sent, sender.Send(To(receiver, 1_000, 1_000), train, out _));

        AssertSame([.. Cut(train, 1_400), train[..1_000]], await CollectAsync(receiver, 4));
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Receive_ManyWaiting_TakesSeveralPerCallWithOrderedStamps(UtpDatagramOffload offload)
    {
        using var sender = Open(offload);
        using var receiver = Open(offload);
        var before = Clock.Now;
        var batch = NewBatch();
        var datagrams = new List<Instant>();

        // The system may deliver some datagrams a moment later, so the first attempt need not find all of them.
        for (var attempt = 0; attempt < 20 && batch.Count < batch.Capacity; attempt++)
        {
            for (var i = 0; i < 40; i++)
            {
                // The lengths differ, so that no receive offload can join them.
                sender.Send(To(receiver, 100 + (i * 7 % 40), 1_000), Bytes(200, i), out _);
            }

            Assert.True(await Task.Run(() => receiver.Receive(batch)).WaitAsync(Patience));
            datagrams.AddRange(Enumerable.Range(0, batch.Count).Select(i => batch[i].Arrival));
        }

        Assert.Equal(batch.Capacity, batch.Count);
        Assert.True(before <= datagrams[0] && datagrams[^1] <= Clock.Now);
        Assert.True(datagrams.Zip(datagrams.Skip(1)).All(pair => pair.First <= pair.Second));
        Assert.Equal(0, batch.ErrorCount);
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Receive_EmptyDatagrams_AreSkipped(UtpDatagramOffload offload)
    {
        using var receiver = Open(offload);
        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        for (var i = 0; i < 20; i++)
        {
            sender.SendTo([], receiver.LocalEndPoint);
            sender.SendTo([(byte)i], receiver.LocalEndPoint);
        }

        AssertSame(Enumerable.Range(0, 20).Select(i => new[] { (byte)i }), await CollectAsync(receiver, 20));
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Receive_DatagramLongerThanEntry_IsDroppedAndCounted(UtpDatagramOffload offload)
    {
        using var sender = Open(offload);
        using var receiver = Open(offload);
        sender.Send(To(receiver, 3_000, 3_000), Bytes(3_000, 1), out _);
        sender.Send(To(receiver, 1_000, 1_000), Bytes(1_000, 2), out _);
        var batch = new DatagramBatch(capacity: 4, bytesPerEntry: 2_048);

        Assert.Equal(1_000, Assert.Single(await CollectAsync(receiver, 1, batch)).Bytes.Length);
        Assert.Equal(1, batch.ErrorCount);
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public void Open_AddressInUse_ThrowsAddressInUse(UtpDatagramOffload offload)
    {
        using var first = Open(offload);

        var exception = Assert.Throws<AddressInUseException>(() => Open(offload, port: first.LocalEndPoint.Port));
        Assert.Contains(first.LocalEndPoint.ToString(), exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task SendAndReceive_AfterWarmUp_AllocateNothing(UtpDatagramOffload offload)
    {
        using var sender = Open(offload);
        using var receiver = Open(offload);
        var train = Bytes(5_600, 1);
        var transmit = To(receiver, train.Length, 1_400);
        var batch = NewBatch();

        // A first call may allocate in one round and not in the next; an allocation per datagram occurs in every round.
        var allocated = await Task.Run(() => Enumerable.Range(0, 10).Select(_ => AllocatedByRound()).Min()).WaitAsync(Patience);

        Assert.Equal(0, allocated);

        long AllocatedByRound()
        {
            var start = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++)
            {
                sender.Send(transmit with { AllowFragmentation = i % 10 == 0 }, train, out _);
                for (var received = 0; received < train.Length;)
                {
                    receiver.Receive(batch);
                    for (var k = 0; k < batch.Count; k++)
                    {
                        received += batch[k].Length;
                    }
                }
            }

            return GC.GetAllocatedBytesForCurrentThread() - start;
        }
    }
}
