using System.Net;
using System.Net.Sockets;
using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Transport.Datagrams;
using Utp.Transport.Datagrams.Linux;
using Utp.Transport.Tests.Engine;
using static Utp.Transport.Tests.Datagrams.ChannelFixture;

namespace Utp.Transport.Tests.Datagrams.Linux;

/// <summary>ICMP reports about our datagrams are read, and never mistaken for the failure of an unrelated next call.</summary>
public sealed class LinuxIcmpErrorTests
{
    private static readonly UdpSocketFacts Facts = new(AddressFamily.InterNetwork, new IPEndPoint(IPAddress.Loopback, 4_242));
    private static readonly byte[] Quoted = [.. Enumerable.Range(65, 40).Select(i => (byte)i)];

    [Theory]
    [InlineData(ErrorNumber.ConnectionRefused, 3, 0x0A000001, true, true)]
    [InlineData(ErrorNumber.ConnectionRefused, 3, 0x0A000002, true, false)]
    [InlineData(ErrorNumber.ConnectionRefused, 3, 0, true, false)]
    [InlineData(ErrorNumber.HostUnreachable, 1, 0x0A000002, false, false)]
    [InlineData(ErrorNumber.NetworkUnreachable, 0, 0x0A000002, false, false)]
    public void Receive_IcmpError_HasAddressKindReporterAndQuotation(int error, byte code, uint offender, bool isRefusal, bool isFromPeersHost)
    {
        using var socket = new FakeLinuxSocket();
        using var channel = new MessageBatchDatagramChannel(socket, Facts, Clock);
        var batch = NewBatch();
        socket.Reports.Enqueue(new FakeReport(error, FakeReport.Icmp, FakeReport.Unreachable, code, Quoted, Port: 77, offender));

        Assert.True(channel.Receive(batch));

        Assert.Equal((0, 1, 0), (batch.Count, batch.IcmpErrorCount, batch.ErrorCount));
        Assert.Equal(new IcmpError(PeerAddress.FromIPv4(0x0A000001, 77), isRefusal, isFromPeersHost), batch.IcmpErrorAt(0));
        Assert.Equal(Quoted[..20], batch.QuotationOf(0).ToArray());
    }

    [Theory]
    [InlineData(ErrorNumber.MessageTooLong, FakeReport.Icmp, 3, 4, 40)]
    [InlineData(ErrorNumber.MessageTooLong, FakeReport.Local, 0, 0, 40)]
    [InlineData(ErrorNumber.HostUnreachable, FakeReport.Icmp, 11, 0, 40)]
    [InlineData(ErrorNumber.ConnectionRefused, FakeReport.Icmp, 3, 3, 19)]
    public void Receive_OtherReports_AreTakenAndDropped(int error, byte origin, byte type, byte code, int quotedBytes)
    {
        using var socket = new FakeLinuxSocket();
        using var channel = new MessageBatchDatagramChannel(socket, Facts, Clock);
        var batch = NewBatch();
        socket.ReceiveResults.Enqueue(-error);
        socket.Reports.Enqueue(new FakeReport(error, origin, type, code, Quoted[..quotedBytes]));
        socket.Arriving.Enqueue([1, 2, 3]);

        Assert.True(channel.Receive(batch));

        Assert.Equal((1, 0, 0), (batch.Count, batch.IcmpErrorCount, batch.ErrorCount));
        Assert.Empty(socket.Reports);
    }

    [Fact]
    public void Receive_FloodOfReports_ComesInPortionsWithDatagramsInBetween()
    {
        using var socket = new FakeLinuxSocket();
        using var channel = new MessageBatchDatagramChannel(socket, Facts, Clock);
        var batch = NewBatch();
        for (var i = 0; i < 200; i++)
        {
            socket.Reports.Enqueue(FakeReport.PortUnreachable(Quoted));
        }

        socket.ReceiveResults.Enqueue(-ErrorNumber.ConnectionRefused);
        for (var i = 0; i < 200; i += DatagramBatch.MaxIcmpErrors)
        {
            socket.Arriving.Enqueue([1, 2, 3]);
            Assert.True(channel.Receive(batch));
            Assert.InRange(batch.IcmpErrorCount, 1, DatagramBatch.MaxIcmpErrors);
            Assert.True(i == 0 || batch.Count > 0, "A datagram had to wait for reports.");
        }

        Assert.Empty(socket.Reports);
    }

    [Theory]
    [InlineData(ErrorNumber.ConnectionRefused)]
    [InlineData(ErrorNumber.HostUnreachable)]
    [InlineData(ErrorNumber.MessageTooLong)]
    public void Send_ErrorOfAReport_IsRepeatedAndNothingIsLost(int error)
    {
        using var socket = new FakeLinuxSocket();
        using var channel = new OffloadDatagramChannel(socket, Facts, Clock);
        var train = Bytes(100_000, 1);
        for (var i = 0; i < 3; i++)
        {
            socket.TrainResults.Enqueue(-error);
        }

        Assert.Equal(SendOutcome.Sent, channel.Send(Train(100_000, 1_400), train, out var bytesSent));
        Assert.Equal(100_000, bytesSent);

        socket.DatagramResults.Enqueue(2);
        socket.DatagramResults.Enqueue(-error);
        Assert.Equal(SendOutcome.Sent, channel.Send(Train(4_000, 1_000) with { AllowFragmentation = true }, train, out bytesSent));
        Assert.Equal(4_000, bytesSent);

        socket.DatagramResults.Enqueue(-error);
        Assert.Equal(SendOutcome.Sent, channel.Send(Train(500, 1_000), train, out bytesSent));
        Assert.Equal(500, bytesSent);
        Assert.Equal([.. train, .. train[..4_000], .. train[..500]], socket.Sent);
    }

    [Fact]
    public void Send_ErrorOfAReport_MakesTheReceiverTakeIt()
    {
        using var socket = new FakeLinuxSocket();
        using var channel = new MessageBatchDatagramChannel(socket, Facts, Clock);
        var batch = NewBatch();
        socket.DatagramResults.Enqueue(-ErrorNumber.ConnectionRefused);
        channel.Send(Train(500, 1_000), new byte[500], out _);
        socket.Reports.Enqueue(FakeReport.PortUnreachable(Quoted));
        socket.Arriving.Enqueue([1, 2, 3]);

        Assert.True(channel.Receive(batch));

        Assert.Equal((1, 1), (batch.Count, batch.IcmpErrorCount));
    }

    [LinuxFact]
    public async Task Send_AmongRefusals_LosesNothingAndReportsThem()
    {
        foreach (var offload in new[] { UtpDatagramOffload.Batching, UtpDatagramOffload.Segmentation })
        {
            using var sender = Open(offload);
            using var receiver = Open(offload);
            using var gone = Open(offload);
            var closed = To(gone, 20, 20);
            gone.Dispose();
            var reports = 0;
            var reporting = Task.Run(() =>
            {
                var batch = NewBatch();
                while (sender.Receive(batch))
                {
                    Interlocked.Add(ref reports, batch.IcmpErrorCount);
                }
            });

            for (var round = 0; round < 100; round++)
            {
                var train = Bytes(3_500, round);
                for (var i = 0; i < 10; i++)
                {
                    Assert.Equal((SendOutcome.Sent, 20), (sender.Send(closed, train.AsSpan(0, 20), out var sent), sent));
                    Assert.Equal((SendOutcome.Sent, 350), (sender.Send(To(receiver, 350, 100), train.AsSpan(i * 350, 350), out sent), sent));
                }

                AssertSame(train.Chunk(350).SelectMany(t => t.Chunk(100)), await CollectAsync(receiver, 40));
            }

            await Engine.EngineFixture.EventuallyAsync(() => Volatile.Read(ref reports) > 0, "the refusals are reported");
            sender.Dispose();
            await reporting.WaitAsync(Patience);
        }
    }

    private static Transmit Train(int length, int segmentSize) => new(PeerAddress.FromIPv4(0x7F000001, 9), length, segmentSize, false, null);
}
