using Utp.Interop.Tests.Harness;
using Utp.Interop.Tests.Relay;

namespace Utp.Interop.Tests.Exchanges;

/// <summary>A connection without data for a minute: both sides send only keepalives, every 29 s, and neither answers them.</summary>
public sealed class IdleTests
{
    [PeerTheory(IsLong = true)]
    [InlineData(Dialler.WeDial)]
    [InlineData(Dialler.TheyDial)]
    public async Task Connection_IdleForAMinute_KeepsAliveAndGoesOn(Dialler dialler)
    {
        // The timeout is shorter than the silence and longer than the keepalive interval, so only keepalives can keep the connection.
        await using var meeting = await Meeting.StartAsync(
            dialler, new Impairment("relay"), configure: options => options.IdleTimeout = TimeSpan.FromSeconds(45));
        await Transfers.FromUsAsync(meeting, 1_000);
        var (sent, received) = (meeting.Relay!.ToTarget.ReceivedCount, meeting.Relay.ToDialler.ReceivedCount);

        await Task.Delay(TimeSpan.FromSeconds(61));

        Assert.True(meeting.Relay.ToTarget.ReceivedCount >= sent + 2, "the dialling side kept alive");
        Assert.True(meeting.Relay.ToDialler.ReceivedCount >= received + 2, "the accepting side kept alive");
        await Transfers.FromUsAsync(meeting, 1_000);
        await Transfers.FromThemAsync(meeting, 1_000);
        InteropTable.Record("60 s of silence with keepalives, then data", dialler, "through the relay");
    }
}
