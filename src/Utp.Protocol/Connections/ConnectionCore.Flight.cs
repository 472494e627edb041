namespace Utp.Protocol.Connections;

// How much may be in flight, beside what the congestion window and the peer's receive window say.
internal sealed partial class ConnectionCore
{
    /// <summary>For how long a receiver may be away from its socket. Of a flight over a longer path only a part arrives meanwhile.</summary>
    private const long AbsenceMicros = 1_000;

    private long FlightLimitBytes
    {
        get
        {
            var perMillisecond = _endpoint.Settings.MaxFlightBytesPerMillisecond;
            return perMillisecond == 0
                ? _settings.MaxFlightBytes
                : Math.Min(_settings.MaxFlightBytes, perMillisecond * Math.Max(AbsenceMicros, _roundTrip.MinMicros) / AbsenceMicros);
        }
    }
}
