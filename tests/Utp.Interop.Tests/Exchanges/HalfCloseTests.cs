using Utp.Interop.Tests.Harness;
using Utp.Interop.Tests.Relay;
using Utp.Transport;

namespace Utp.Interop.Tests.Exchanges;

/// <summary>One side ends its direction with a FIN; the other continues to send.</summary>
public sealed class HalfCloseTests
{
    private const long Bytes = 1 << 20;
    private const uint Seed = 5;

    public static TheoryData<Dialler, string> Roles => new()
    {
        { Dialler.WeDial, Paths.Clean },
        { Dialler.TheyDial, Paths.Clean },
        { Dialler.WeDial, Paths.Loss2 },
        { Dialler.TheyDial, Paths.Loss2 },
    };

    [PeerTheory]
    [MemberData(nameof(Roles))]
    public async Task Fin_FromThem_ArrivesAndWeGoOnSending(Dialler dialler, string path)
    {
        await using var meeting = await Meeting.StartAsync(dialler, Paths.Of(path), seed: 21);
        var (ours, theirs) = (meeting.Ours, meeting.Theirs);
        await theirs.SendAsync(Seed, 100_000);
        await theirs.EndAsync();
        var toTheEnd = await ours.ReceiveAsync().WaitAsync(LongTests.TransferPatience);
        Assert.Equal((100_000, true, PayloadSource.Sha256Of(Seed, 100_000)), (toTheEnd.Bytes, toTheEnd.IsEnded, toTheEnd.Sha256));

        var receiving = theirs.ReceiveAsync(Bytes);
        await ours.SendAsync(Seed, Bytes);
        Assert.Equal(PayloadSource.Sha256Of(Seed, Bytes), (await receiving).Sha256);

        var ending = theirs.ReceiveAsync();
        await ours.CompleteWritesAsync();
        Assert.True((await ending).IsEnded);
        await AssertBothClosedAsync(meeting);
        InteropTable.Record("their half-close, then our data", dialler, path, Bytes);
    }

    [PeerTheory]
    [MemberData(nameof(Roles))]
    public async Task Fin_FromUs_ArrivesAndTheyGoOnSending(Dialler dialler, string path)
    {
        await using var meeting = await Meeting.StartAsync(dialler, Paths.Of(path), seed: 22);
        var (ours, theirs) = (meeting.Ours, meeting.Theirs);
        var toTheEnd = theirs.ReceiveAsync();
        await ours.SendAsync(Seed, 100_000);
        await ours.CompleteWritesAsync();
        var atTheirEnd = await toTheEnd;
        Assert.Equal((100_000, true, PayloadSource.Sha256Of(Seed, 100_000)), (atTheirEnd.ReceivedBytes, atTheirEnd.IsEnded, atTheirEnd.Sha256));

        await Transfers.FromThemAsync(meeting, Bytes);

        await theirs.EndAsync();
        Assert.True((await ours.ReceiveAsync().WaitAsync(LongTests.TransferPatience)).IsEnded);
        await AssertBothClosedAsync(meeting);
        InteropTable.Record("our half-close, then their data", dialler, path, Bytes);
    }

    [PeerTheory]
    [InlineData(Dialler.WeDial)]
    [InlineData(Dialler.TheyDial)]
    public async Task Fin_FromBothAtOnce_ClosesBoth(Dialler dialler)
    {
        await using var meeting = await Meeting.StartAsync(dialler, Paths.Of(Paths.Delay), seed: 23);

        await Task.WhenAll(meeting.Ours.CompleteWritesAsync(), meeting.Theirs.EndAsync());

        Assert.True((await meeting.Ours.ReceiveAsync().WaitAsync(LongTests.TransferPatience)).IsEnded);
        await AssertBothClosedAsync(meeting);
        InteropTable.Record("both close at once", dialler, Paths.Delay);
    }

    private static async Task AssertBothClosedAsync(Meeting meeting)
    {
        var peer = await meeting.Theirs.WaitForCloseAsync();
        Assert.Null(peer.Failure);
        await meeting.Ours.WaitForCloseAsync();
        Assert.Equal(UtpCloseReason.Graceful, meeting.Ours.CloseReason);
    }
}
