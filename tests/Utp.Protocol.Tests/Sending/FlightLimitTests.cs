using Utp.Protocol.Connections;
using Utp.Protocol.Sockets;
using Utp.Protocol.Tests.Harness;
using Utp.Transport;

namespace Utp.Protocol.Tests.Sending;

public sealed class FlightLimitTests
{
    private const int LimitBytes = 50_000;
    private const int TransferBytes = 2_000_000;

    /// <summary>Over a short path a flight waits in the peer's kernel buffer; over a long one it is on its way.</summary>
    [Theory]
    [InlineData(50, LimitBytes)]
    [InlineData(400, LimitBytes)]
    [InlineData(2_000, 4 * LimitBytes)]
    public void Flight_IsBoundedForEachMillisecondOfRoundTrip(long delayMicros, long expectedBytes)
    {
        var network = new TestNetwork { DelayMicros = delayMicros };
        var a = network.AddHost(settings: new SocketSettings { MaxFlightBytesPerMillisecond = LimitBytes });
        var b = network.AddHost();
        b.Core.IsListening = true;
        var connection = a.Connect(b, new ConnectionSettings { CongestionControl = UtpCongestionControl.Cubic });
        network.RunWhile(() => b.Accepted.Count == 0);
        connection.Write(TestPair.Pattern(TransferBytes));
        var largest = 0L;

        network.RunWhile(() =>
        {
            largest = Math.Max(largest, connection.Core.Statistics.FlightBytes);
            return b.Accepted[0].ReceivedCount < TransferBytes;
        });

        // The limit is what holds the flight back, and not by more than a segment.
        Assert.InRange(largest, expectedBytes - 1_500, expectedBytes);
        Assert.Equal(0, connection.Core.Statistics.Timeouts);
    }
}
