using System.Diagnostics;
using Utp.Interop.Tests.Harness;
using Utp.Interop.Tests.Relay;

namespace Utp.Interop.Tests.Exchanges;

/// <summary>Tiny messages, each sent when the previous one has come back: neither side may wait for more data or for a timer.</summary>
public sealed class PingPongTests
{
    private const int Messages = 500;

    [PeerTheory]
    [InlineData(Dialler.WeDial, 1)]
    [InlineData(Dialler.TheyDial, 1)]
    [InlineData(Dialler.WeDial, 1_000)]
    [InlineData(Dialler.TheyDial, 1_000)]
    public async Task Messages_WeAsk_AreEchoedPromptly(Dialler dialler, int bytes)
    {
        await using var meeting = await Meeting.StartAsync(dialler);
        await meeting.Theirs.EchoAsync();
        var watch = Stopwatch.StartNew();

        await meeting.Ours.PingAsync(Messages, bytes).WaitAsync(LongTests.TransferPatience);

        AssertPrompt(watch.Elapsed);
        InteropTable.Record($"{Messages} messages of {bytes} B back and forth, we ask", dialler, Paths.Clean, elapsed: watch.Elapsed);
    }

    [PeerTheory]
    [InlineData(Dialler.WeDial, 1)]
    [InlineData(Dialler.TheyDial, 1)]
    [InlineData(Dialler.WeDial, 1_000)]
    [InlineData(Dialler.TheyDial, 1_000)]
    public async Task Messages_TheyAsk_AreEchoedPromptly(Dialler dialler, int bytes)
    {
        await using var meeting = await Meeting.StartAsync(dialler);
        var echo = meeting.Ours.EchoAsync();
        var watch = Stopwatch.StartNew();

        await meeting.Theirs.PingAsync(Messages, bytes);

        AssertPrompt(watch.Elapsed);
        await meeting.Theirs.EndAsync();
        await echo.WaitAsync(LongTests.TransferPatience);
        InteropTable.Record($"{Messages} messages of {bytes} B back and forth, they ask", dialler, Paths.Clean, elapsed: watch.Elapsed);
    }

    /// <summary>
    /// Checks the time: a side that waited for a timer each time (libutp's tick is 500 ms, a delayed acknowledgement elsewhere 40 ms) would take
    /// longer.
    /// </summary>
    private static void AssertPrompt(TimeSpan elapsed) =>
        Assert.True(elapsed < TimeSpan.FromMilliseconds(40 * Messages), $"{Messages} exchanges took {elapsed}.");
}
