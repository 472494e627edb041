using System.Diagnostics;
using Microsoft.AspNetCore.Connections;
using Utp.Interop.Tests.Harness;
using Utp.Interop.Tests.Ours;
using Utp.Interop.Tests.Peers;
using Utp.Interop.Tests.Relay;
using Utp.Transport;

namespace Utp.Interop.Tests.Exchanges;

/// <summary>A process ends during a transfer without sending anything.</summary>
public sealed class KillTests
{
    [PeerTheory]
    [InlineData(Dialler.WeDial)]
    [InlineData(Dialler.TheyDial)]
    public async Task TheirProcess_Stopped_EndsOurConnectionAfterTheIdleTimeout(Dialler dialler)
    {
        await using var meeting = await Meeting.StartAsync(dialler, configure: options => options.IdleTimeout = TimeSpan.FromSeconds(2));
        var writing = meeting.Ours.FloodAsync();
        var reading = Assert.ThrowsAsync<ConnectionResetException>(() => meeting.Ours.ReceiveAsync());
        await meeting.Theirs.ReceiveAsync(1 << 20);
        var watch = Stopwatch.StartNew();

        await meeting.Peer.StopAsync();

        Assert.IsType<TimeoutException>((await reading.WaitAsync(OurHost.Patience)).InnerException);
        await writing.WaitAsync(OurHost.Patience);
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(10));
        Assert.Equal(UtpCloseReason.RetransmissionTimeout, meeting.Ours.CloseReason);
        meeting.Peer.Kill();
        InteropTable.Record("their process is stopped: idle timeout (2 s here)", dialler, Paths.Clean, elapsed: watch.Elapsed);
    }

    [PeerTheory]
    [InlineData(Dialler.WeDial, false)]
    [InlineData(Dialler.WeDial, true)]
    [InlineData(Dialler.TheyDial, false)]
    [InlineData(Dialler.TheyDial, true)]
    public async Task TheirProcess_Killed_EndsOurConnectionWithinFiveSeconds(Dialler dialler, bool weWrite)
    {
        await using var meeting = await Meeting.StartAsync(dialler);
        var writing = weWrite ? meeting.Ours.FloodAsync() : null;
        var reading = Assert.ThrowsAsync<ConnectionResetException>(() => meeting.Ours.ReceiveAsync());
        if (weWrite)
        {
            await meeting.Theirs.ReceiveAsync(1 << 20);
        }

        var watch = Stopwatch.StartNew();

        meeting.Peer.Kill();

        await reading.WaitAsync(OurHost.Patience);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Equal(UtpCloseReason.PeerReset, meeting.Ours.CloseReason);
        if (writing is not null)
        {
            await writing.WaitAsync(OurHost.Patience);
        }

        InteropTable.Record($"their process is killed while we {(weWrite ? "write" : "wait")}: ICMP", dialler, Paths.Clean, elapsed: watch.Elapsed);
    }

    [PeerTheory]
    [InlineData(Dialler.WeDial)]
    [InlineData(Dialler.TheyDial)]
    public async Task TheirProcess_KilledAndRestarted_ResetsUs(Dialler dialler)
    {
        await using var meeting = await Meeting.StartAsync(dialler);
        var writing = meeting.Ours.FloodAsync();
        await meeting.Theirs.ReceiveAsync(1 << 20);
        var watch = Stopwatch.StartNew();

        meeting.Peer.Kill();
        await using var successor = await LibutpPeer.StartAsync(isListening: true, meeting.Peer.EndPoint.Port);

        await writing.WaitAsync(OurHost.Patience);
        Assert.Equal(UtpCloseReason.PeerReset, meeting.Ours.CloseReason);
        InteropTable.Record("their process is killed, another has its port: RESET", dialler, Paths.Clean, elapsed: watch.Elapsed);
    }

    [PeerFact]
    public async Task OurProcess_KilledAndRestarted_ResetsThem()
    {
        await using var peer = await LibutpPeer.StartAsync(isListening: false);
        using var victim = await OurProcess.StartListeningAsync();
        var writing = (await peer.ConnectAsync(victim.EndPoint)).FloodAsync();
        var watch = Stopwatch.StartNew();

        victim.Kill();
        await using var successor = new OurHost();
        await using var listener = await successor.ListenAsync(port: victim.EndPoint.Port);

        Assert.Equal("UTP_ECONNRESET", await writing.WaitAsync(OurHost.Patience));
        InteropTable.Record("our process is killed, another has its port: RESET", Dialler.TheyDial, Paths.Clean, elapsed: watch.Elapsed);
    }

    [PeerFact(IsLong = true)]
    public async Task OurProcess_Killed_TimesThemOut()
    {
        await using var peer = await LibutpPeer.StartAsync(isListening: false);
        using var victim = await OurProcess.StartListeningAsync();
        var writing = (await peer.ConnectAsync(victim.EndPoint)).FloodAsync();
        var watch = Stopwatch.StartNew();

        victim.Kill();

        Assert.Equal("UTP_ETIMEDOUT", await writing.WaitAsync(TimeSpan.FromSeconds(120)));
        InteropTable.Record("our process is killed: their timeout", Dialler.TheyDial, Paths.Clean, elapsed: watch.Elapsed);
    }
}
