using Utp.Protocol.Sending;
using Utp.Protocol.Tests.Harness;

namespace Utp.Protocol.Tests.LossRecovery;

/// <summary>
/// Recovery without a retransmission timeout from a peer that describes few packets behind a gap. Found against libutp, where each of these
/// cost half a second.
/// </summary>
public sealed class ShortMaskRecoveryTests
{
    private const int Segment = 1_400;

    [Fact]
    public void TailProbe_OnlyAcknowledgementOfABurstWithAGapLost_IsAnsweredAndRecovers()
    {
        var (receiver, connection) = Connect();
        Transfer(receiver, connection, 20 * Segment);
        var gap = receiver.Transmissions.Count;
        var acknowledgements = receiver.AcknowledgementCount;

        // The peer holds everything behind the gap and would not answer a repetition of any of that.
        receiver.LosesData = (number, count) => number == gap && count == 1;
        receiver.LosesAcknowledgement = ordinal => ordinal == acknowledgements;
        Transfer(receiver, connection, 8 * Segment);

        Assert.Equal(0, connection.Core.Statistics.Timeouts);
    }

    [Fact]
    public void TailProbe_RetransmissionLostAndTheRestBeyondTheMask_Recovers()
    {
        var (receiver, connection) = Connect();
        Transfer(receiver, connection, 400 * Segment);
        var gap = receiver.Transmissions.Count;
        receiver.LosesData = (number, count) => number == gap && count <= 2;
        Transfer(receiver, connection, 60 * Segment);

        Assert.Equal(0, connection.Core.Statistics.Timeouts);
        Assert.Equal(3, receiver.Transmissions[receiver.FirstNumber + gap]);
    }

    [Fact]
    public void Retransmission_FirstOfTheFlightWhileTheRestBeyondTheMaskFillsTheWindow_LeavesAtOnce()
    {
        var (receiver, connection) = Connect();
        Transfer(receiver, connection, 400 * Segment);
        var gap = receiver.Transmissions.Count;
        receiver.LosesData = (number, count) => (number == gap || number == gap + 33) && count == 1;
        Transfer(receiver, connection, 300 * Segment);

        Assert.Equal(0, connection.Core.Statistics.Timeouts);
    }

    private static (ShortMaskReceiver Receiver, TestConnection Connection) Connect()
    {
        var network = new TestNetwork();
        var receiver = new ShortMaskReceiver(network, network.AddHost());
        return (receiver, receiver.Connection);
    }

    private static void Transfer(ShortMaskReceiver receiver, TestConnection connection, int bytes)
    {
        var end = receiver.DeliveredBytes + bytes;
        connection.Write(TestPair.Pattern(bytes));
        receiver.RunWhile(() => receiver.DeliveredBytes < end || connection.Core.Statistics.FlightBytes > 0);
    }
}
