using Utp.Protocol.Congestion;
using Utp.Protocol.Time;

namespace Utp.Protocol.Tests.Congestion;

internal static class Acknowledgements
{
    public static AcknowledgementSample Of(
        long nowMicros,
        long acknowledgedBytes,
        long? flightBytes = null,
        long roundTripMicros = 40_000,
        bool isWindowLimited = true,
        bool isInRecovery = false) => new()
        {
            Now = new Instant(nowMicros),
            AcknowledgedBytes = acknowledgedBytes,
            FlightBytes = flightBytes ?? acknowledgedBytes,
            RoundTripMicros = roundTripMicros,
            SmoothedRoundTripMicros = roundTripMicros,
            MinRoundTripMicros = roundTripMicros,
            IsWindowLimited = isWindowLimited,
            IsInRecovery = isInRecovery,
        };
}
