using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Testing;
using Utp.Protocol.Addresses;
using Utp.Transport.Datagrams;
using Utp.Transport.Datagrams.Sharding;

namespace Utp.Transport.Tests.Datagrams.Linux;

/// <summary>Several sockets for one port: the kernel's choice among them, and the behaviour where only one socket is possible.</summary>
public sealed class ShardedChannelsTests
{
    private const int Count = 4;
    private const int Senders = 128;

    [LinuxFact]
    public void Create_IPv4_DeliversToTheShardThatTheFunctionNames() => AssertDelivered(IPAddress.Loopback, IPAddress.Loopback);

    [LinuxFact]
    public void Create_IPv6_DeliversToTheShardThatTheFunctionNames()
    {
        if (ChannelFixture.HasIPv6Loopback)
        {
            AssertDelivered(IPAddress.IPv6Loopback, IPAddress.IPv6Loopback);
        }
    }

    [LinuxFact]
    public void Create_BothFamilies_DeliversToTheShardThatTheFunctionNames()
    {
        AssertDelivered(IPAddress.IPv6Any, IPAddress.Loopback);
        if (ChannelFixture.HasIPv6Loopback)
        {
            AssertDelivered(IPAddress.IPv6Any, IPAddress.IPv6Loopback);
        }
    }

    [LinuxFact]
    public void Create_SendersOfManyAddresses_DeliversToTheShardThatTheFunctionNames() =>
        AssertDelivered(IPAddress.Any, IPAddress.Loopback,
            random => new IPAddress([127, (byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(1, 255)]));

    [LinuxFact]
    public void Create_SenderWithIPOptions_ReachesOneAndTheSameShard()
    {
        var channels = Open(IPAddress.Loopback);
        using var sender = NewSender(IPAddress.Loopback);
        const int LevelIP = 0;
        const int Options = 4;
        sender.SetRawSocketOption(LevelIP, Options, [1, 1, 1, 0]);
        for (var i = 0; i < 5; i++)
        {
            sender.SendTo("options"u8, channels[0].LocalEndPoint);
        }

        Assert.Equal(5, Drain(5, channels).Max(senders => senders.Count));
        Array.ForEach(channels, channel => channel.Dispose());
    }

    [LinuxFact]
    public void Create_AddressOfAShardedEndPoint_IsInUse()
    {
        var channels = Open(IPAddress.Loopback);

        Assert.Throws<AddressInUseException>(() => Open(IPAddress.Loopback, channels[0].LocalEndPoint.Port));
        Array.ForEach(channels, channel => channel.Dispose());

        var again = Open(IPAddress.Loopback, channels[0].LocalEndPoint.Port);
        Assert.Equal(Count, again.Length);
        Array.ForEach(again, channel => channel.Dispose());
    }

    [LinuxFact]
    public void Open_ProgramRefused_IsOneChannelThatHasThePortToItself()
    {
        var logger = new FakeLogger();
        var notice = new ShardNotice();
        var channels = Refused(notice)
            .Open(new IPEndPoint(IPAddress.Loopback, 0), Count, new UtpTransportOptions { Shards = Count }, ChannelFixture.Clock, logger);

        var channel = Assert.Single(channels);
        var record = Assert.Single(logger.Collector.GetSnapshot(), record => record.Id.Id == 1004);
        Assert.Equal(LogLevel.Warning, record.Level);
        Assert.Contains("an old kernel", record.Message, StringComparison.Ordinal);
        Assert.Contains("Utp:Transport:Shards", record.Message, StringComparison.Ordinal);

        const int SocketLevel = 1;
        const int ReusePort = 15;
        using var intruder = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        intruder.SetRawSocketOption(SocketLevel, ReusePort, BitConverter.GetBytes(1));
        Assert.Equal(SocketError.AddressAlreadyInUse, Assert.Throws<SocketException>(() => intruder.Bind(channel.LocalEndPoint)).SocketErrorCode);
        for (var i = 0; i < 20; i++)
        {
            using var sender = NewSender(IPAddress.Loopback);
            sender.SendTo("all"u8, channel.LocalEndPoint);
        }

        Assert.Equal(20, Drain(20, channel)[0].Count);
        channel.Dispose();
    }

    [LinuxFact]
    public void Open_RefusedAgain_SaysSoOncePerReasonAndQuietlyWhenNobodyAsked()
    {
        var logger = new FakeLogger();
        var sharded = Refused(new ShardNotice());
        foreach (var shards in (int?[])[null, null, Count, Count])
        {
            Assert.Single(sharded.Open(new IPEndPoint(IPAddress.Loopback, 0), Count, new UtpTransportOptions { Shards = shards }, ChannelFixture.Clock, logger))
                .Dispose();
        }

        Assert.Equal([LogLevel.Debug, LogLevel.Warning], logger.Collector.GetSnapshot().Where(record => record.Id.Id == 1004).Select(record => record.Level));
    }

    [LinuxFact]
    public void Open_PortableChannel_IsOne()
    {
        var logger = new FakeLogger();
        var options = new UtpTransportOptions { DatagramOffload = UtpDatagramOffload.Portable, Shards = Count };

        Assert.Single(Refused(new ShardNotice()).Open(new IPEndPoint(IPAddress.Loopback, 0), Count, options, ChannelFixture.Clock, logger)).Dispose();
        Assert.Contains(logger.Collector.GetSnapshot(), record => record.Id.Id == 1004 && record.Message.Contains("portable", StringComparison.Ordinal));
    }

    private static ShardedChannels Refused(ShardNotice notice) => new(
        (UdpSocket _, int _, out string reason) =>
        {
            reason = "it is an old kernel";
            return false;
        },
        notice);

    private static IDatagramChannel[] Open(IPAddress address, int port = 0)
    {
        var channels = ShardedChannels.Create(new IPEndPoint(address, port), Count, new UtpTransportOptions(), ChannelFixture.Clock, NullLogger.Instance);
        Assert.Equal(Count, channels.Length);
        Assert.Single(channels.Select(channel => channel.LocalEndPoint).Distinct());
        return channels;
    }

    private static Socket NewSender(IPAddress address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    }

    private static void AssertDelivered(IPAddress bound, IPAddress target, Func<Random, IPAddress>? source = null)
    {
        var channels = Open(bound);
        var random = new Random(1);
        var sent = new List<PeerAddress>();
        for (var i = 0; i < Senders; i++)
        {
            using var sender = NewSender(source?.Invoke(random) ?? target);
            sender.SendTo("who gets this?"u8, new IPEndPoint(target, channels[0].LocalEndPoint.Port));
            sent.Add(PeerAddress.FromEndPoint((IPEndPoint)sender.LocalEndPoint!));
        }

        var received = Drain(Senders, channels);
        Assert.Equal(sent.OrderBy(peer => peer.ToString()), received.SelectMany(peers => peers).OrderBy(peer => peer.ToString()));
        for (var shard = 0; shard < Count; shard++)
        {
            Assert.NotEmpty(received[shard]);
            Assert.All(received[shard], peer => Assert.Equal(shard, ShardSelector.Select(peer, Count)));
        }

        Array.ForEach(channels, channel => channel.Dispose());
    }

    /// <summary>
    /// Receives this number of datagrams in all and gets the senders of each channel: on a busy machine loopback delivers after a send returns.
    /// </summary>
    private static List<PeerAddress>[] Drain(int count, params IDatagramChannel[] channels)
    {
        var senders = Array.ConvertAll(channels, Drain);
        Assert.True(
            SpinWait.SpinUntil(
                () =>
                {
                    for (var i = 0; i < channels.Length; i++)
                    {
                        senders[i].AddRange(Drain(channels[i]));
                    }

                    return senders.Sum(list => list.Count) >= count;
                },
                ChannelFixture.Patience),
            "Datagrams are missing.");
        return senders;
    }

    /// <summary>Gets the senders of the queued datagrams.</summary>
    private static List<PeerAddress> Drain(IDatagramChannel channel)
    {
        var (batch, senders) = (ChannelFixture.NewBatch(), new List<PeerAddress>());
        for (channel.Wake(); channel.Receive(batch); channel.Wake())
        {
            for (var i = 0; i < batch.Count; i++)
            {
                for (var length = batch[i].Length; length > 0; length -= batch[i].SegmentSize)
                {
                    senders.Add(batch[i].Remote);
                }
            }
        }

        return senders;
    }
}
