using System.Net;
using Microsoft.Extensions.Logging.Testing;
using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Transport.Datagrams;
using Utp.Transport.Tests.Datagrams.Linux;
using static Utp.Transport.Tests.Datagrams.ChannelFixture;

namespace Utp.Transport.Tests.Datagrams;

/// <summary>
/// Local addresses of a wildcard socket, for every channel on Linux, which has all of 127.0.0.0/8 on loopback.
/// </summary>
public sealed class LocalAddressChannelTests
{
    private static readonly LocalAddress Second = LocalAddress.FromIPv4(0x7F000002);

    [LinuxTheory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Receive_WildcardSocket_TellsWhereEachDatagramWasSentTo(UtpDatagramOffload offload)
    {
        foreach (var any in Wildcards())
        {
            using var sender = Open(offload, IPAddress.Loopback);
            using var receiver = Open(offload, any);
            foreach (var address in (uint[])[0x7F000001, 0x7F000002, 0x7F000003])
            {
                var transmit = new Transmit(PeerAddress.FromIPv4(address, (ushort)receiver.LocalEndPoint.Port), 5_000, 1_400, false, null);
                Assert.Equal(SendOutcome.Sent, sender.Send(transmit, new byte[5_000], out _));

                Assert.Equal([LocalAddress.FromIPv4(address)], await LocalAddressesAsync(receiver, 5_000));
            }
        }
    }

    [LinuxTheory]
    [OverChannel(UtpDatagramOffload.Portable, needsIPv6: true)]
    [OverChannel(UtpDatagramOffload.Batching, needsIPv6: true)]
    [OverChannel(UtpDatagramOffload.Segmentation, needsIPv6: true)]
    public async Task Receive_IPv6OnDualModeSocket_TellsTheAddress(UtpDatagramOffload offload)
    {
        using var sender = Open(offload, IPAddress.IPv6Any);
        using var receiver = Open(offload, IPAddress.IPv6Any);
        var loopback = LocalAddress.FromEndPoint(new IPEndPoint(IPAddress.IPv6Loopback, 0));

        Assert.Equal(SendOutcome.Sent, sender.Send(To(receiver, 3_000, 1_400) with { Local = loopback }, new byte[3_000], out _));

        Assert.Equal([loopback], await LocalAddressesAsync(receiver, 3_000));
    }

    [LinuxTheory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Send_WithALocalAddress_LeavesFromIt(UtpDatagramOffload offload)
    {
        foreach (var any in Wildcards())
        {
            using var sender = Open(offload, any);
            using var receiver = Open(offload, IPAddress.Loopback);
            foreach (var source in (uint[])[0x7F000002, 0, 0x7F000003])
            {
                foreach (var length in (int[])[900, 14_000])
                {
                    var transmit = To(receiver, length, 1_400) with { Local = source == 0 ? default : LocalAddress.FromIPv4(source) };
                    Assert.Equal(SendOutcome.Sent, sender.Send(transmit, new byte[length], out _));
                    Assert.Equal(SendOutcome.Sent, sender.Send(transmit with { Length = 5, AllowFragmentation = true }, new byte[5], out _));

                    var arrived = await CollectAsync(receiver, transmit.SegmentCount + 1);

                    var expected = PeerAddress.FromIPv4(source == 0 ? 0x7F000001 : source, (ushort)sender.LocalEndPoint.Port);
                    Assert.All(arrived, datagram => Assert.Equal(expected, datagram.Remote));
                }
            }
        }
    }

    [LinuxTheory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Send_FromAnAddressThatTheHostLacks_IsRefusedAsThat(UtpDatagramOffload offload)
    {
        foreach (var any in Wildcards())
        {
            using var sender = Open(offload, any);
            using var receiver = Open(offload, IPAddress.Loopback);
            var transmit = To(receiver, 14_000, 1_400);

            // This address is in TEST-NET-1, RFC 5737.
            var outcome = sender.Send(transmit with { Local = LocalAddress.FromIPv4(0xC0000201) }, new byte[14_000], out var bytesSent);

            Assert.Equal((SendOutcome.SourceUnavailable, 0), (outcome, bytesSent));
            Assert.Equal(SendOutcome.Sent, sender.Send(transmit, new byte[14_000], out _));
            await CollectAsync(receiver, 10);
        }
    }

    [LinuxTheory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Receive_SocketWithOneAddress_DoesNotTellIt(UtpDatagramOffload offload)
    {
        using var sender = Open(offload, IPAddress.Any);
        using var receiver = Open(offload, IPAddress.Parse("127.0.0.2"));
        var transmit = new Transmit(PeerAddress.FromIPv4(0x7F000002, (ushort)receiver.LocalEndPoint.Port), 100, 100, false, null) { Local = Second };

        Assert.Equal(SendOutcome.Sent, sender.Send(transmit, new byte[100], out _));

        Assert.Equal([default], await LocalAddressesAsync(receiver, 100));
    }

    [LinuxTheory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public void SendAndReceive_WithLocalAddresses_AllocateNothingPerDatagram(UtpDatagramOffload offload)
    {
        const int Count = 300;
        using var sender = Open(offload, IPAddress.Any);
        using var receiver = Open(offload, IPAddress.Any);
        var batch = NewBatch();
        var bytes = new byte[100];
        var transmit = To(receiver, bytes.Length, bytes.Length);

        Assert.InRange(Allocations.SmallestOf(Exchange), 0, Count);

        void Exchange()
        {
            for (var i = 0; i < Count; i++)
            {
                // Assertions would allocate.
                if (sender.Send(transmit with { Local = i % 2 == 0 ? Second : default }, bytes, out _) != SendOutcome.Sent || !receiver.Receive(batch))
                {
                    Assert.Fail($"Datagram {i} was not sent or not received.");
                }
            }
        }
    }

    [Fact]
    public void Notice_SystemThatCannotChooseSources_IsLoggedOnceAndOnlyForWildcards()
    {
        var logs = new FakeLogger();
        var notice = new SourceAddressNotice();
        using var one = UdpSocket.Open(new IPEndPoint(IPAddress.Loopback, 0), 65_536, 65_536);
        using var all = UdpSocket.Open(new IPEndPoint(IPAddress.Any, 0), 65_536, 65_536);

        notice.Report(logs, one);
        Assert.Equal(0, logs.Collector.Count);

        notice.Report(logs, all);
        notice.Report(logs, all);
        Assert.Equal(1005, Assert.Single(logs.Collector.GetSnapshot()).Id.Id);
    }

    private static IEnumerable<IPAddress> Wildcards() => HasIPv6Loopback ? [IPAddress.Any, IPAddress.IPv6Any] : [IPAddress.Any];

    private static Task<List<LocalAddress>> LocalAddressesAsync(IDatagramChannel channel, int bytes) => Task.Run(() =>
    {
        var batch = NewBatch();
        HashSet<LocalAddress> addresses = [];
        while (bytes > 0 && channel.Receive(batch))
        {
            for (var i = 0; i < batch.Count; i++)
            {
                addresses.Add(batch[i].Local);
                bytes -= batch[i].Length;
            }
        }

        return addresses.ToList();
    }).WaitAsync(Patience);
}
