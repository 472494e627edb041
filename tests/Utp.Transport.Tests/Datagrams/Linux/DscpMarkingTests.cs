using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Testing;
using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Transport.Datagrams;
using static Utp.Transport.Tests.Datagrams.ChannelFixture;

namespace Utp.Transport.Tests.Datagrams.Linux;

/// <summary>The mark in the IP headers, as the receiver of the datagrams sees it.</summary>
public sealed class DscpMarkingTests
{
    private const int LowerEffort = 1;

    [LinuxTheory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public void CodePoint_IsInTheHeaderOfEachDatagram(UtpDatagramOffload offload)
    {
        foreach (var local in (IPAddress[])[IPAddress.Loopback, IPAddress.Any, IPAddress.IPv6Any])
        {
            Assert.Equal([LowerEffort << 2, LowerEffort << 2, LowerEffort << 2], Marks(offload, LowerEffort, local, IPAddress.Loopback));
            Assert.Equal([0, 0, 0], Marks(offload, 0, local, IPAddress.Loopback));
        }
    }

    [LinuxTheory]
    [OverChannel(UtpDatagramOffload.Portable, needsIPv6: true)]
    [OverChannel(UtpDatagramOffload.Batching, needsIPv6: true)]
    [OverChannel(UtpDatagramOffload.Segmentation, needsIPv6: true)]
    public void CodePoint_OverIPv6_IsTheTrafficClass(UtpDatagramOffload offload)
    {
        foreach (var local in (IPAddress[])[IPAddress.IPv6Loopback, IPAddress.IPv6Any])
        {
            Assert.Equal([46 << 2, 46 << 2, 46 << 2], Marks(offload, 46, local, IPAddress.IPv6Loopback));
        }
    }

    [Fact]
    public void Notice_IsGivenOnce_AndOnlyWithAReason()
    {
        var notice = new DscpNotice();
        var logger = new FakeLogger();
        using var udp = UdpSocket.Open(new IPEndPoint(IPAddress.Loopback, 0), 65_536, 65_536);

        notice.Report(logger, udp, LowerEffort, null);
        Assert.Equal(0, logger.Collector.Count);
        notice.Report(logger, udp, LowerEffort, "the system is old");
        notice.Report(logger, udp, LowerEffort, "the system is old");

        var record = Assert.Single(logger.Collector.GetSnapshot());
        Assert.Equal((1007, LogLevel.Warning), (record.Id.Id, record.Level));
        Assert.Contains("Utp:Transport:DscpCodePoint is 1", record.Message);
        Assert.Contains("the system is old", record.Message);
    }

    /// <summary>Sends a train of two datagrams and a single one.</summary>
    private static int[] Marks(UtpDatagramOffload offload, int codePoint, IPAddress local, IPAddress remote)
    {
        using var receiver = new MarkedDatagramReceiver(remote);
        using var channel = DatagramChannelFactory.Create(
            new IPEndPoint(local, 0), new UtpTransportOptions { DatagramOffload = offload, DscpCodePoint = codePoint }, Clock, NullLogger.Instance);
        var transmit = new Transmit(PeerAddress.FromEndPoint(receiver.LocalEndPoint), 2_000, 1_000, AllowFragmentation: false, Connection: null);
        Assert.Equal(SendOutcome.Sent, channel.Send(transmit, new byte[2_000], out _));
        Assert.Equal(SendOutcome.Sent, channel.Send(transmit with { Length = 500 }, new byte[500], out _));
        return [receiver.Receive(), receiver.Receive(), receiver.Receive()];
    }
}
