namespace Utp.Protocol.Congestion;

/// <summary>Makes the controller that a connection's settings ask for.</summary>
internal static class CongestionControllers
{
    /// <summary>RFC 6817 section 2.4.2: the target must not exceed 100 ms; libutp uses all of it.</summary>
    private const long LedbatTargetMicros = 100_000;

    public static ICongestionController Create(ConnectionSettings settings, int segmentBytes) => settings.CongestionAlgorithm switch
    {
        CongestionAlgorithm.Ledbat => new LedbatController(
            LedbatProfile.Rfc6817, TargetMicros(settings, LedbatTargetMicros), segmentBytes, settings.MaxFlightBytes),
        _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.CongestionAlgorithm, "Unknown congestion control algorithm."),
    };

    private static long TargetMicros(ConnectionSettings settings, long algorithmDefault) =>
        settings.TargetDelayMicros > 0 ? settings.TargetDelayMicros : algorithmDefault;
}
