using System.Net;
using System.Net.Sockets;
using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Transport.Datagrams;
using Utp.Transport.Datagrams.Linux;
using static Utp.Transport.Tests.Datagrams.ChannelFixture;

namespace Utp.Transport.Tests.Datagrams.Linux;

/// <summary>
/// The control messages that name local addresses, byte by byte, and the behaviour of channels when the kernel refuses a source address.
/// </summary>
public sealed unsafe class PacketInformationTests
{
    private static readonly UdpSocketFacts Facts = new(AddressFamily.InterNetwork, new IPEndPoint(IPAddress.Any, 4_242));
    private static readonly LocalAddress IPv4Source = LocalAddress.FromIPv4(0x7F000002);
    private static readonly PeerAddress Remote = PeerAddress.FromIPv4(0x7F000001, 9);

    // struct cmsghdr (16 bytes), struct in_pktinfo (index, source, destination), padding.
    private const string IPv4Message = "1C00000000000000" + "00000000" + "08000000" + "00000000" + "7F000002" + "00000000" + "00000000";

    // struct cmsghdr, struct in6_pktinfo (address, index), padding.
    private const string MappedMessage = "2400000000000000" + "29000000" + "32000000" + "00000000000000000000FFFF7F000002" + "00000000" + "00000000";
    private const string LinkLocalMessage = "2400000000000000" + "29000000" + "32000000" + "FE800000000000000000000000000005" + "07000000" + "00000000";
    private const string SegmentationMessage = "1200000000000000" + "11000000" + "67000000" + "7805000000000000";

    [Theory]
    [InlineData(AddressFamily.InterNetwork, "127.0.0.2", IPv4Message)]
    [InlineData(AddressFamily.InterNetworkV6, "127.0.0.2", MappedMessage)]
    [InlineData(AddressFamily.InterNetworkV6, "fe80::5%7", LinkLocalMessage)]
    public void SendVector_WithASource_NamesItInEveryMessage(AddressFamily family, string source, string expected)
    {
        var vector = new SendVector(family);
        var train = stackalloc byte[3_000];
        Assert.True(vector.TryAddress(RemoteOf(family), LocalAddress.FromEndPoint(new IPEndPoint(IPAddress.Parse(source), 0))));

        var entries = vector.Datagrams(train, 3_000, 1_400, out var count);
        Assert.Equal(3, count);
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(expected, ControlOf(entries[i].Header));
        }

        Assert.Equal(expected, ControlOf(*vector.Datagram(train, 10)));
        Assert.Equal(expected + SegmentationMessage, ControlOf(*vector.Segmented(train, 3_000, 1_400)));
        vector.ForgetSegmentation();
        Assert.Equal(expected, ControlOf(*vector.Datagram(train, 10)));
    }

    [Fact]
    public void SendVector_SourceNoLongerGiven_NamesNone()
    {
        var vector = new SendVector(AddressFamily.InterNetwork);
        var train = stackalloc byte[3_000];
        Assert.True(vector.TryAddress(Remote, IPv4Source));
        Assert.True(vector.HasSource);

        Assert.True(vector.TryAddress(Remote, default));

        Assert.False(vector.HasSource);
        Assert.Equal(string.Empty, ControlOf(vector.Datagrams(train, 3_000, 1_400, out _)[2].Header));
        Assert.Equal(SegmentationMessage, ControlOf(*vector.Segmented(train, 3_000, 1_400)));
        vector.ForgetSegmentation();
        Assert.Equal(string.Empty, ControlOf(*vector.Datagram(train, 10)));
    }

    [Fact]
    public void SendVector_IPv6SourceOnAnIPv4Socket_IsRefused() =>
        Assert.False(new SendVector(AddressFamily.InterNetwork).TryAddress(Remote, LocalAddress.FromIPv6(1, 1, 0)));

    [Theory]
    [InlineData(IPv4Message, "127.0.0.2", 1_000)]
    [InlineData(MappedMessage, "127.0.0.2", 1_000)]
    [InlineData(LinkLocalMessage, "fe80::5%7", 1_000)]
    [InlineData(LinkLocalMessage + "1400000000000000" + "11000000" + "68000000" + "6400000000000000", "fe80::5%7", 100)]
    [InlineData("1400000000000000" + "11000000" + "68000000" + "6400000000000000" + MappedMessage + IPv4Message, "127.0.0.2", 100)]
    [InlineData("", null, 1_000)]
    [InlineData("FF00000000000000" + "29000000" + "32000000" + "FE800000000000000000000000000005", null, 1_000)]
    [InlineData("0000000000000000" + "29000000" + "32000000" + "FE800000000000000000000000000005", null, 1_000)]
    [InlineData("1400000000000000" + "29000000" + "32000000" + "FE80000000000000", null, 1_000)]
    public void ReceiveVector_ControlMessages_BringAddressAndSegmentSize(string control, string? local, int segmentSize)
    {
        var vector = new ReceiveVector(AddressFamily.InterNetworkV6);
        var batch = NewBatch();
        var entry = vector.Prepare(batch);
        var bytes = Convert.FromHexString(control);
        Assert.InRange(bytes.Length, 0, (int)entry->Header.ControlLength);
        bytes.CopyTo(new Span<byte>(entry->Header.Control, bytes.Length));
        entry->Header.ControlLength = (nuint)bytes.Length;
        entry->Length = 1_000;

        vector.Complete(batch, 1, Clock.Now);

        Assert.Equal(segmentSize, batch[0].SegmentSize);
        Assert.Equal(local is null ? default : LocalAddress.FromEndPoint(new IPEndPoint(IPAddress.Parse(local), 0)), batch[0].Local);
    }

    [Theory]
    [InlineData(ErrorNumber.InvalidArgument)]
    [InlineData(ErrorNumber.AddressNotAvailable)]
    [InlineData(ErrorNumber.NetworkUnreachable)]
    [InlineData(ErrorNumber.NoDevice)]
    public void Send_SourceRefused_SaysSoAndKeepsTheRest(int error)
    {
        using var socket = new FakeLinuxSocket();
        using var channel = new MessageBatchDatagramChannel(socket, Facts, Clock);
        var train = Bytes(1_000, 1);
        socket.DatagramResults.Enqueue(2);
        socket.DatagramFailure = -error;

        var outcome = channel.Send(new Transmit(Remote, 1_000, 300, false, null) { Local = IPv4Source }, train, out var bytesSent);

        Assert.Equal(SendOutcome.SourceUnavailable, outcome);
        Assert.Equal(600, bytesSent);
        Assert.Equal(["batch 4 from 127.0.0.2", "batch 2 from 127.0.0.2"], socket.Journal.Distinct());
        socket.DatagramFailure = 0;
        Assert.Equal(SendOutcome.Sent, channel.Send(new Transmit(Remote, 400, 300, false, null), train.AsSpan(600), out _));
        Assert.Equal("batch 2", socket.Journal[^1]);
        Assert.Equal(train, socket.Sent);
    }

    [Fact]
    public void Send_TrainWhoseSourceIsRefused_LeavesSegmentationAlone()
    {
        using var socket = new FakeLinuxSocket();
        using var channel = new OffloadDatagramChannel(socket, Facts, Clock);
        var transmit = new Transmit(Remote, 4_000, 1_400, false, null);
        socket.TrainResults.Enqueue(-ErrorNumber.InvalidArgument);
        socket.DatagramResults.Enqueue(-ErrorNumber.InvalidArgument);

        Assert.Equal(SendOutcome.SourceUnavailable, channel.Send(transmit with { Local = IPv4Source }, new byte[4_000], out var bytesSent));
        Assert.Equal(0, bytesSent);
        Assert.Equal(SendOutcome.Sent, channel.Send(transmit, new byte[4_000], out _));

        Assert.Equal(["train 4000/1400 from 127.0.0.2", "batch 3 from 127.0.0.2", "train 4000/1400"], socket.Journal);
    }

    [Fact]
    public void Send_TrainRefusedWithASource_IsCutWhenItsDatagramsPass()
    {
        using var socket = new FakeLinuxSocket();
        using var channel = new OffloadDatagramChannel(socket, Facts, Clock);
        var transmit = new Transmit(Remote, 4_000, 1_400, false, null) { Local = IPv4Source };
        socket.TrainResults.Enqueue(-ErrorNumber.InvalidArgument);

        Assert.Equal(SendOutcome.Sent, channel.Send(transmit, new byte[4_000], out _));
        Assert.Equal(SendOutcome.Sent, channel.Send(transmit, new byte[4_000], out _));

        Assert.Equal(["train 4000/1400 from 127.0.0.2", "batch 3 from 127.0.0.2", "batch 3 from 127.0.0.2"], socket.Journal);
    }

    private static PeerAddress RemoteOf(AddressFamily family) =>
        family == AddressFamily.InterNetwork ? Remote : PeerAddress.FromEndPoint(new IPEndPoint(IPAddress.IPv6Loopback, 9));

    private static string ControlOf(in MessageHeader header) =>
        Convert.ToHexString(new ReadOnlySpan<byte>(header.Control, (int)header.ControlLength));
}
