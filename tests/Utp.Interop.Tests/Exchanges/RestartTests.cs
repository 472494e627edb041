using System.Diagnostics;
using Microsoft.AspNetCore.Connections;
using Utp.Interop.Tests.Harness;
using Utp.Interop.Tests.Ours;
using Utp.Interop.Tests.Peers;
using Utp.Interop.Tests.Relay;
using Utp.Transport;

namespace Utp.Interop.Tests.Exchanges;

/// <summary>
/// A process is killed and started again on its port. utp-native never seeds its random numbers, so the second process requests a connection with
/// the id and number of the first.
/// </summary>
public sealed class RestartTests
{
    [PeerTheory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task TheirProcess_StartedAgainOnItsPort_GetsAConnectionOfItsOwn(int messagesBefore)
    {
        await using var host = new OurHost();
        await using var listener = await host.ListenAsync();
        await using var first = await LibutpPeer.StartAsync(isListening: false);
        var before = await first.ConnectAsync(listener.EndPoint);
        for (var i = 0; i < messagesBefore; i++)
        {
            await before.SendAsync((uint)i, 4);
        }

        await using var old = await listener.AcceptAsync();
        await old.ReceiveAsync(4 * messagesBefore);
        var oldEnds = Assert.ThrowsAsync<ConnectionResetException>(() => old.ReceiveAsync());
        var watch = Stopwatch.StartNew();

        first.Kill();
        await using var second = await LibutpPeer.StartAsync(isListening: false, first.EndPoint.Port);
        var after = await second.ConnectAsync(listener.EndPoint);
        var connected = watch.Elapsed;
        for (var i = 1u; i <= 4; i++)
        {
            await after.SendAsync(i, 1_000);
        }

        await using var ours = await listener.AcceptAsync();
        for (var i = 1u; i <= 4; i++)
        {
            var received = await ours.ReceiveAsync(1_000);
            Assert.Equal((1_000L, PayloadSource.Sha256Of(i, 1_000)), (received.Bytes, received.Sha256));
        }

        await oldEnds.WaitAsync(OurHost.Patience);
        Assert.Equal(UtpCloseReason.PeerReset, old.CloseReason);
        InteropTable.Record(
            $"their process is killed after {messagesBefore} messages and started again on its port", Dialler.TheyDial, Paths.Clean, elapsed: connected);
    }

    [PeerTheory]
    [InlineData(Dialler.WeDial)]
    [InlineData(Dialler.TheyDial)]
    public async Task SilentPeer_WithAShortIdleTimeout_IsAskedAndAnswers(Dialler dialler)
    {
        await using var meeting = await Meeting.StartAsync(
            dialler, new Impairment("relay"), configure: options => options.IdleTimeout = TimeSpan.FromSeconds(3));

        // Our acceptor has sent nothing so far: its probe uses the number before its first.
        await Task.Delay(TimeSpan.FromSeconds(8));

        Assert.Equal(UtpCloseReason.None, meeting.Ours.CloseReason);
        await Transfers.FromUsAsync(meeting, 1_000);
        await Task.Delay(TimeSpan.FromSeconds(5));
        await Transfers.FromThemAsync(meeting, 1_000);
        await Transfers.FromUsAsync(meeting, 1_000);
        InteropTable.Record("silence longer than our idle timeout (3 s), then data", dialler, "through the relay");
    }
}
