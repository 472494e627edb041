using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Utp.Transport.Connections;
using Utp.Transport.Tests.Datagrams;
using Utp.Transport.Tests.Datagrams.Linux;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Connections;

/// <summary>
/// The peer's process ends without sending anything; its host reports that no socket has the port. The test closes the UDP socket, as the end
/// of a process does.
/// </summary>
public sealed class KilledPeerTests
{
    private static readonly TimeSpan Bar = TimeSpan.FromSeconds(5);

    [LinuxTheory]
    [InlineData(UtpDatagramOffload.Segmentation, false)]
    [InlineData(UtpDatagramOffload.Segmentation, true)]
    [InlineData(UtpDatagramOffload.Batching, false)]
    public Task Reader_OfAPeerThatIsKilled_IsToldWithinFiveSeconds(UtpDatagramOffload offload, bool ipv6) =>
        AssertToldAsync(offload, ipv6, isWriting: false, shards: 1);

    [LinuxTheory]
    [InlineData(UtpDatagramOffload.Segmentation, false)]
    [InlineData(UtpDatagramOffload.Segmentation, true)]
    [InlineData(UtpDatagramOffload.Batching, false)]
    public Task Writer_ToAPeerThatIsKilled_IsToldWithinFiveSeconds(UtpDatagramOffload offload, bool ipv6) =>
        AssertToldAsync(offload, ipv6, isWriting: true, shards: 1);

    [LinuxFact]
    public Task Reader_OnAShardedPort_IsToldWithinFiveSeconds() => AssertToldAsync(UtpDatagramOffload.Segmentation, ipv6: false, isWriting: false, shards: 3);

    /// <summary>Reports of a dual-mode socket about IPv4 carry the local address in both of its forms before the reporter's address.</summary>
    [LinuxTheory]
    [InlineData(UtpDatagramOffload.Segmentation, "0.0.0.0", "127.0.0.1")]
    [InlineData(UtpDatagramOffload.Segmentation, "::", "127.0.0.1")]
    [InlineData(UtpDatagramOffload.Segmentation, "::", "127.0.0.3")]
    [InlineData(UtpDatagramOffload.Segmentation, "::", "::1")]
    [InlineData(UtpDatagramOffload.Batching, "::", "127.0.0.1")]
    public async Task Reader_OnAWildcardSocket_IsToldWithinFiveSeconds(UtpDatagramOffload offload, string local, string dialled)
    {
        var remote = IPAddress.Parse(dialled);
        if (remote.AddressFamily != AddressFamily.InterNetworkV6 || ChannelFixture.HasIPv6Loopback)
        {
            await AssertToldAsync(offload, IPAddress.Parse(local), remote, isWriting: false, shards: 1);
        }
    }

    private static async Task AssertToldAsync(UtpDatagramOffload offload, bool ipv6, bool isWriting, int shards)
    {
        if (!ipv6 || ChannelFixture.HasIPv6Loopback)
        {
            var loopback = ipv6 ? IPAddress.IPv6Loopback : IPAddress.Loopback;
            await AssertToldAsync(offload, loopback, loopback, isWriting, shards);
        }
    }

    private static async Task AssertToldAsync(UtpDatagramOffload offload, IPAddress local, IPAddress dialled, bool isWriting, int shards)
    {
        await using var engines = new EngineFixture(options => (options.DatagramOffload, options.Shards) = (offload, shards));
        await using var listener = await engines.BindAsync(local: new IPEndPoint(local, 0));
        var victim = new EngineFixture(options => options.DatagramOffload = offload);
        try
        {
            var accept = EngineFixture.AcceptAsync(listener);
            var remote = new IPEndPoint(dialled, EngineFixture.AddressOf(listener).Port);
            var connect = victim.ClientEngine.ConnectAsync(remote, new UtpConnectionOptions(), null, null, default);
            var client = await connect.AsTask().WaitAsync(EngineFixture.Patience);
            await using var server = await accept;
            await client.Transport.Output.WriteAsync(new byte[10]);
            var first = await server.Transport.Input.ReadAtLeastAsync(10).AsTask().WaitAsync(EngineFixture.Patience);
            server.Transport.Input.AdvanceTo(first.Buffer.End);
            var pending = server.Transport.Input.ReadAsync().AsTask();
            var writing = isWriting ? WriteUntilItEndsAsync(server) : Task.CompletedTask;
            var watch = Stopwatch.StartNew();

            victim.Kill();

            var error = await Assert.ThrowsAsync<ConnectionResetException>(() => pending.WaitAsync(EngineFixture.Patience));
            Assert.Contains("its host reports", error.Message, StringComparison.Ordinal);
            Assert.InRange(watch.Elapsed, TimeSpan.Zero, Bar);
            Assert.Equal(UtpCloseReason.PeerReset, server.CloseReason);
            await writing.WaitAsync(EngineFixture.Patience);
        }
        finally
        {
            await victim.DisposeAsync();
        }
    }

    private static async Task WriteUntilItEndsAsync(UtpConnection connection)
    {
        while (!(await connection.Transport.Output.WriteAsync(new byte[100_000])).IsCompleted)
        {
        }
    }
}
