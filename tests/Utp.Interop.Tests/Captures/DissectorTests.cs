using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Utp.Interop.Tests.Harness;
using Utp.Interop.Tests.Ours;
using Utp.Interop.Tests.Relay;
using Utp.Transport;

namespace Utp.Interop.Tests.Captures;

/// <summary>Checks our packets with an independent dissector.</summary>
public sealed class DissectorTests
{
    private const long Bytes = 1 << 20;

    [CaptureFact]
    public async Task OurTraffic_HandshakeDataGapsEndAndReset_IsWellFormedToTheDissector()
    {
        await using var server = NewHost();
        await using var client = NewHost();
        await using var listener = await server.ListenAsync();
        using var relay = new DatagramRelay(listener.EndPoint, Paths.Of(Paths.Hostile), seed: 41);
        using var capture = await PacketCapture.StartAsync(relay.EndPoint.Port);

        await using (var dialled = await client.ConnectAsync(relay.EndPoint))
        await using (var accepted = await listener.AcceptAsync())
        {
            await Task.WhenAll(
                SendAndFinishAsync(dialled), SendAndFinishAsync(accepted), dialled.ReceiveAsync(), accepted.ReceiveAsync())
                    .WaitAsync(LongTests.TransferPatience);
        }

        await using var aborted = await client.ConnectAsync(relay.EndPoint);
        await using var other = await listener.AcceptAsync();
        aborted.Abort();
        await listener.UnbindAsync();
        await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync(relay.EndPoint));

        var packets = await capture.StopAsync();
        Assert.DoesNotContain(packets, packet => packet.IsMalformed);
        Assert.DoesNotContain(packets, packet => packet.Type is null);
        Assert.Equal([0, 1, 2, 3, 4], packets.Select(packet => packet.Type!.Value).Distinct().Order());
        Assert.Contains(packets, packet => packet.HasSelectiveAck);
        Assert.True(packets.Count > 2 * Bytes / 1_500, $"only {packets.Count} packets were captured");
    }

    /// <summary>Tests the instrument: the same check detects a packet whose extension is cut off.</summary>
    [CaptureFact]
    public async Task MalformedPacket_IsNoticedByTheDissector()
    {
        using var target = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var address = (IPEndPoint)target.Client.LocalEndPoint!;
        using var capture = await PacketCapture.StartAsync(address.Port);
        var state = Convert.FromHexString("2101123411223344000000000010000000654566");

        using var sender = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        await sender.SendAsync((byte[])[.. state, 0, 4, 1, 0], address);
        await sender.SendAsync((byte[])[.. state, 0, 4, 1, 0, 0, 0], address);
        await sender.SendAsync(state, address);

        var packets = await capture.StopAsync();
        Assert.Equal([new(2, false, true), new(2, true, false), new(null, false, false)], packets);
    }

    [CaptureFact]
    public async Task OurTraffic_WindowAboveTheDissectorsLimit_IsPlainUdp_UntilThePreferenceIsRaised()
    {
        await using var server = NewHost(8 << 20);
        await using var client = NewHost(8 << 20);
        await using var listener = await server.ListenAsync();
        using var capture = await PacketCapture.StartAsync(listener.EndPoint.Port);
        await using (var dialled = await client.ConnectAsync(listener.EndPoint))
        await using (var accepted = await listener.AcceptAsync())
        {
            await dialled.SendAsync(3, 1);
            await accepted.ReceiveAsync(1);
        }

        var byDefault = await capture.StopAsync();
        var raised = await capture.ReadAsync([.. capture.DecodeAsUtp, "-o", "bt-utp.max_window_size:0x40000000"]);

        Assert.Contains(byDefault, packet => packet.Type is null);
        Assert.DoesNotContain(raised, packet => packet.Type is null);
    }

    /// <summary>The limits of the dissector that docs/tracing.md names (tshark 4.0.17).</summary>
    [CaptureFact]
    public async Task Dissector_RecognisesWhatTheDocumentSays()
    {
        using var target = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var address = (IPEndPoint)target.Client.LocalEndPoint!;
        using var capture = await PacketCapture.StartAsync(address.Port);
        using var sender = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        await sender.SendAsync(State(window: 3_670_016), address);
        await sender.SendAsync(State(window: 3_670_017), address);
        await sender.SendAsync((byte[])[.. State(window: 65_536, firstExtension: 3), 0, 4, 0, 0, 0, 0], address);
        await sender.SendAsync((byte[])[.. State(window: 65_536, firstExtension: 2), 3, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0], address);
        await capture.StopAsync();

        Assert.Equal("2 - - -", await TypesAsync(capture.DecodeAsUtp));
        Assert.Equal("2 2 - -", await TypesAsync([.. capture.DecodeAsUtp, "-o", "bt-utp.max_window_size:0x40000000"]));
        Assert.Equal("- - - -", await TypesAsync());
        Assert.Equal("2 - - -", await TypesAsync("--enable-heuristic", "bt_utp_udp"));

        async Task<string> TypesAsync(params string[] options) =>
            string.Join(' ', (await capture.ReadAsync(options)).Select(packet => packet.Type is { } type ? $"{type}" : "-"));
    }

    private static byte[] State(uint window, byte firstExtension = 0)
    {
        var packet = Convert.FromHexString("2100123411223344000000000010000000654566");
        packet[1] = firstExtension;
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(12), window);
        return packet;
    }

    /// <summary>Creates a host that sends single datagrams: with segmentation offload, the loopback interface would show whole trains.</summary>
    private static OurHost NewHost(int? receiveBufferSize = null) => new(options =>
    {
        options.ReceiveBufferSize = receiveBufferSize ?? options.ReceiveBufferSize;
        options.DatagramOffload = UtpDatagramOffload.Portable;
        options.ConnectTimeout = TimeSpan.FromSeconds(5);
    });

    private static async Task SendAndFinishAsync(OurConnection connection)
    {
        await connection.SendAsync(3, Bytes);
        await connection.CompleteWritesAsync();
    }
}
