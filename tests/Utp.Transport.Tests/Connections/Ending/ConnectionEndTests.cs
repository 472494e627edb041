using Utp.Transport.Connections.Ending;
using static Utp.Transport.Connections.Ending.EndCause;
using static Utp.Transport.Connections.Ending.EndSteps;

namespace Utp.Transport.Tests.Connections.Ending;

/// <summary>The table of <see cref="ConnectionEnd"/>, row by row.</summary>
public sealed class ConnectionEndTests
{
    private const EndSteps Stop = CompleteInput | RefuseOutput | Detach | ReturnLease;
    private const EndSteps Close = Stop | DropOutput | SignalDelivered | Settle;

    /// <summary>Causes before, the cause of the row, what it asks for, and where the output is afterwards. With <c>CloseOnPeerFinish</c>.</summary>
    private static readonly (EndCause[] Before, EndCause Cause, EndSteps Steps, OutputEnd Output)[] Table =
    [
        ([], Disposed, Stop | CloseCore, OutputEnd.Closing),
        ([InputCompleted, OutputCompleted], Disposed, Stop | CloseCore, OutputEnd.Closing),
        ([InputCompleted, OutputCompleted], BothPipesCompleted, Stop | CloseCore, OutputEnd.Closing),
        ([], CloseRequested, Stop | CloseCore, OutputEnd.Closing),
        ([], Aborted, Close | ResetPeer, OutputEnd.Closed),
        ([OutputCompleted], EngineStops, Stop | CloseCore, OutputEnd.Closing),
        ([], EngineStops, Stop, OutputEnd.Resetting),
        ([], InputCompleted, ReturnWindow, OutputEnd.Open),
        ([InputCompleted], InputCompleted, None, OutputEnd.Open),
        ([], OutputCompleted, FinishCore, OutputEnd.Completed),
        ([OutputCompleted], OutputCompleted, None, OutputEnd.Completed),
        ([OutputCompleted], FinAcknowledged, Stop | CloseCore | SignalDelivered, OutputEnd.Closing),
        ([Disposed], FinAcknowledged, SignalDelivered, OutputEnd.Closing),
        ([], PeerFinished, CompleteInput | Detach, OutputEnd.Open),
        ([PeerFinished], PeerFinished, None, OutputEnd.Open),
        ([PeerFinished], Disposed, RefuseOutput | ReturnLease | CloseCore, OutputEnd.Closing),
        ([PeerFinished], EngineStops, RefuseOutput | ReturnLease, OutputEnd.Resetting),
        ([PeerFinished], ClosedByCore, Close & ~(CompleteInput | Detach), OutputEnd.Closed),
        ([], ClosedByCore, Close, OutputEnd.Closed),
        ([Disposed], ClosedByCore, Close & ~Stop, OutputEnd.Closed),
        ([EngineStops], Aborted, (Close & ~Stop) | ResetPeer, OutputEnd.Closed),
        ([EngineStops], Disposed, None, OutputEnd.Resetting),
        ([Disposed], EngineStops, None, OutputEnd.Closing),
        ([CloseRequested], CloseRequested, None, OutputEnd.Closing),
        ([CloseRequested], OutputCompleted, None, OutputEnd.Closing),
        ([], SocketGone, Close | ReleaseReference, OutputEnd.Closed),
        ([Disposed], SocketGone, (Close & ~Stop) | ReleaseReference, OutputEnd.Closed),
        ([ClosedByCore], SocketGone, ReleaseReference, OutputEnd.Closed),
        ([ClosedByCore, CoreReleased], SocketGone, None, OutputEnd.Closed),
        ([ClosedByCore], Aborted, None, OutputEnd.Closed),
        ([Aborted], ClosedByCore, None, OutputEnd.Closed),
        ([ClosedByCore], CoreReleased, ReleaseReference, OutputEnd.Closed),
        ([ClosedByCore], CoreLingers, LendReference, OutputEnd.Closed),
        ([ClosedByCore, CoreLingers], CoreReleased, None, OutputEnd.Closed),
        ([Disposed], CoreLingers, None, OutputEnd.Closing),
    ];

    public static TheoryData<int> Rows => [.. Enumerable.Range(0, Table.Length)];

    [Theory]
    [MemberData(nameof(Rows))]
    public void Apply_EachRowOfTheTable_AsksForItsStepsAndMovesTheOutput(int row)
    {
        var (before, cause, steps, output) = Table[row];
        var end = After(closesOnPeerFinish: true, before);

        var asked = end.Apply(cause);

        Assert.Equal((steps, output), (asked, end.Output));
        Assert.Equal(output >= OutputEnd.Closing, end.RefusesOutput);
    }

    [Fact]
    public void Apply_EveryCauseThatRefusesOutput_HasEndedTheInput()
    {
        foreach (var cause in Enum.GetValues<EndCause>())
        {
            var end = After(closesOnPeerFinish: true, OutputCompleted);
            end.Apply(cause);

            Assert.True(!end.RefusesOutput || (end.Input & InputEnd.Ended) != 0, $"{cause}");
        }
    }

    [Fact]
    public void Apply_AnyThreeCauses_AskForEachStepOnceAndNeverMoveBack()
    {
        var causes = Enum.GetValues<EndCause>();
        foreach (var (first, second, third) in causes.SelectMany(a => causes.SelectMany(b => causes.Select(c => (a, b, c)))))
        {
            var end = new ConnectionEnd(closesOnPeerFinish: true);
            var (asked, output) = (None, end.Output);
            foreach (var cause in new[] { first, second, third })
            {
                var steps = Carry(ref end, cause) & ~SignalDelivered;
                Assert.True((asked & steps) == None && end.Output >= output, $"{first}, {second}, {third}");
                (asked, output) = (asked | steps, end.Output);
            }
        }
    }

    [Fact]
    public void PeerFinished_WithoutCloseOnPeerFinish_LeavesTheApplicationAttached()
    {
        var end = new ConnectionEnd(closesOnPeerFinish: false);

        Assert.Equal(CompleteInput, end.Apply(PeerFinished));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void FinAcknowledged_WithoutCloseOnPeerFinishOrAfterAHalfClose_LeavesTheConnectionOpen(bool closesOnPeerFinish, bool isHalfClosed)
    {
        var end = After(closesOnPeerFinish, OutputCompleted);
        if (isHalfClosed)
        {
            end.NoteHalfClose();
        }

        Assert.Equal(SignalDelivered, end.Apply(FinAcknowledged));
        Assert.Equal((OutputEnd.Completed, true), (end.Output, end.IsDelivered));
    }

    [Fact]
    public void HasBothPipesCompleted_HalfCloseAskedFor_IsFalse()
    {
        var end = After(closesOnPeerFinish: true, InputCompleted, OutputCompleted);
        Assert.True(end.HasBothPipesCompleted);

        end.NoteHalfClose();

        Assert.False(end.HasBothPipesCompleted);
    }

    [Fact]
    public void TryDispose_Twice_IsTrueOnce()
    {
        var end = new ConnectionEnd(closesOnPeerFinish: true);

        Assert.True(end.TryDispose());
        Assert.False(end.TryDispose());
        Assert.True(end.IsDisposed);
    }

    private static ConnectionEnd After(bool closesOnPeerFinish, params EndCause[] causes)
    {
        var end = new ConnectionEnd(closesOnPeerFinish);
        foreach (var cause in causes)
        {
            Carry(ref end, cause);
        }

        return end;
    }

    /// <summary>Applies a cause, and publishes the interest as the connection does.</summary>
    private static EndSteps Carry(ref ConnectionEnd end, EndCause cause)
    {
        var steps = end.Apply(cause);
        if ((steps & Detach) != 0)
        {
            end.Publish(Interest.Detached);
        }

        if ((steps & ReturnLease) != 0)
        {
            end.Publish(Interest.Ended);
        }

        return steps;
    }
}
