using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Transport.Datagrams;
using Utp.Transport.Engine;

namespace Utp.Transport.Tests.Datagrams;

/// <summary>Opens real channels on loopback and collects what they receive.</summary>
internal static class ChannelFixture
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static readonly UtpClock Clock = new(TimeProvider.System);

    /// <summary>Whether the IPv6 loopback address exists; containers often have none.</summary>
    public static bool HasIPv6Loopback { get; } = CanBindIPv6Loopback();

    public static IDatagramChannel Open(UtpDatagramOffload offload, IPAddress? address = null, ILogger? logger = null, int port = 0) =>
        DatagramChannelFactory.Create(
            new IPEndPoint(address ?? IPAddress.Loopback, port),
            new UtpTransportOptions { DatagramOffload = offload },
            Clock,
            logger ?? NullLogger.Instance);

    public static DatagramBatch NewBatch() => new(capacity: 16, bytesPerEntry: 64 * 1024);

    public static Transmit To(IDatagramChannel receiver, int length, int segmentSize, bool allowFragmentation = false) =>
        new(AddressOf(receiver), length, segmentSize, allowFragmentation, Connection: null);

    /// <summary>Gets the address at which a peer on this machine reaches the channel.</summary>
    public static PeerAddress AddressOf(IDatagramChannel channel)
    {
        var local = channel.LocalEndPoint;
        var address = local.Address.Equals(IPAddress.Any) ? IPAddress.Loopback
            : local.Address.Equals(IPAddress.IPv6Any) ? HasIPv6Loopback ? IPAddress.IPv6Loopback : IPAddress.Loopback
            : local.Address;
        return PeerAddress.FromEndPoint(new IPEndPoint(address, local.Port));
    }

    /// <summary>Receives until this number of datagrams has arrived, on a separate thread.</summary>
    public static Task<List<Datagram>> CollectAsync(IDatagramChannel channel, int datagramCount, DatagramBatch? batch = null) => Task.Factory.StartNew(
        () =>
        {
            batch ??= NewBatch();
            var datagrams = new List<Datagram>();
            while (datagrams.Count < datagramCount)
            {
                Assert.True(channel.Receive(batch), $"Receive ended with {datagrams.Count} of {datagramCount} datagrams.");
                for (var i = 0; i < batch.Count; i++)
                {
                    var train = batch[i];
                    for (var offset = 0; offset < train.Length; offset += train.SegmentSize)
                    {
                        var length = Math.Min(train.SegmentSize, train.Length - offset);
                        datagrams.Add(new Datagram(train.Remote, batch.BytesOf(i).Slice(offset, length).ToArray(), train.Arrival));
                    }
                }
            }

            return datagrams;
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default).WaitAsync(Patience);

    public static byte[] Bytes(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static IEnumerable<byte[]> Cut(byte[] train, int segmentSize) => train.Chunk(segmentSize);

    /// <summary>Compares in any order: when the sending thread moves to another processor, even loopback reorders.</summary>
    public static void AssertSame(IEnumerable<byte[]> expected, IEnumerable<Datagram> actual) =>
        Assert.Equal(expected.Select(Convert.ToHexString).Order(), actual.Select(datagram => Convert.ToHexString(datagram.Bytes)).Order());

    private static bool CanBindIPv6Loopback()
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

internal sealed record Datagram(PeerAddress Remote, byte[] Bytes, Instant Arrival);
