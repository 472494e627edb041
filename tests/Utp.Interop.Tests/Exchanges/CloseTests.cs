using Microsoft.AspNetCore.Connections;
using Utp.Interop.Tests.Harness;
using Utp.Interop.Tests.Ours;
using Utp.Interop.Tests.Relay;

namespace Utp.Interop.Tests.Exchanges;

/// <summary>Connections that are closed while bytes are still in flight.</summary>
public sealed class CloseTests
{
    private const long Bytes = 512 * 1024;
    private const uint Seed = 6;

    public static TheoryData<Dialler, string> Roles => HalfCloseTests.Roles;

    [PeerTheory]
    [MemberData(nameof(Roles))]
    public async Task Dispose_StraightAfterTheLastWrite_StillDeliversEverything(Dialler dialler, string path)
    {
        await using var meeting = await Meeting.StartAsync(dialler, Paths.Of(path), seed: 31);
        var receiving = meeting.Theirs.ReceiveAsync();

        await meeting.Ours.SendAsync(Seed, Bytes);
        await meeting.Ours.DisposeAsync();

        var received = await receiving;
        Assert.Equal((Bytes, true, PayloadSource.Sha256Of(Seed, Bytes)), (received.ReceivedBytes, received.IsEnded, received.Sha256));
        Assert.Null(received.Failure);
        InteropTable.Record("we close straight after the last write", dialler, path, Bytes);
    }

    [PeerTheory]
    [MemberData(nameof(Roles))]
    public async Task Read_LongAfterTheyClosed_YieldsEverythingThenTheEnd(Dialler dialler, string path)
    {
        await using var meeting = await Meeting.StartAsync(dialler, Paths.Of(path), seed: 32);

        // utp_close sends a FIN behind the last byte; then libutp forgets the connection, before we have read anything.
        await meeting.Theirs.SendAsync(Seed, Bytes);
        await meeting.Theirs.DestroyAsync();
        Assert.Null((await meeting.Theirs.WaitForCloseAsync()).Failure);

        var received = await meeting.Ours.ReceiveAsync().WaitAsync(LongTests.TransferPatience);
        Assert.Equal((Bytes, true, PayloadSource.Sha256Of(Seed, Bytes)), (received.Bytes, received.IsEnded, received.Sha256));
        InteropTable.Record("they close before we read", dialler, path, Bytes);
    }

    [PeerTheory]
    [InlineData(Dialler.WeDial)]
    [InlineData(Dialler.TheyDial)]
    public async Task Write_AfterTheyClosed_FailsWithReset(Dialler dialler)
    {
        await using var meeting = await Meeting.StartAsync(dialler);
        var writing = meeting.Ours.FloodAsync();

        await meeting.Theirs.DestroyAsync();

        // libutp accepts and drops what arrives until its FIN is acknowledged, and then answers with a RESET.
        var failure = await writing.WaitAsync(OurPatience);
        Assert.IsType<ConnectionResetException>(failure.InnerException);
        InteropTable.Record("they close while we write: our writer is told", dialler, Paths.Clean);
    }

    [PeerTheory]
    [InlineData(Dialler.WeDial)]
    [InlineData(Dialler.TheyDial)]
    public async Task Dispose_WhileTheyWrite_TellsTheirWriter(Dialler dialler)
    {
        await using var meeting = await Meeting.StartAsync(dialler);
        var writing = meeting.Theirs.FloodAsync();
        await meeting.Ours.ReceiveAsync(Bytes).WaitAsync(OurPatience);

        await meeting.Ours.DisposeAsync();

        Assert.Equal("UTP_ECONNRESET", await writing.WaitAsync(OurPatience));
        InteropTable.Record("we close while they write: their writer is told", dialler, Paths.Clean);
    }

    [PeerTheory]
    [InlineData(Dialler.WeDial)]
    [InlineData(Dialler.TheyDial)]
    public async Task Abort_ByUs_ResetsThem(Dialler dialler)
    {
        await using var meeting = await Meeting.StartAsync(dialler);

        meeting.Ours.Abort();

        Assert.Equal("UTP_ECONNRESET", (await meeting.Theirs.WaitForCloseAsync()).Failure);
        InteropTable.Record("we abort: RESET", dialler, Paths.Clean);
    }

    [PeerTheory]
    [InlineData(Dialler.WeDial)]
    [InlineData(Dialler.TheyDial)]
    public async Task Abort_WhileTheyWrite_ResetsThemOnce(Dialler dialler)
    {
        await using var meeting = await Meeting.StartAsync(dialler);
        var writing = meeting.Theirs.FloodAsync();
        await meeting.Ours.ReceiveAsync(Bytes).WaitAsync(OurPatience);

        meeting.Ours.Abort();

        // A second RESET would make libutp omit the notification of its writer.
        Assert.Equal("UTP_ECONNRESET", await writing.WaitAsync(OurPatience));
        InteropTable.Record("we abort while they write: one RESET", dialler, Paths.Clean);
    }

    private static TimeSpan OurPatience => OurHost.Patience;
}
