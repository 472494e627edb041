using Utp.Protocol.Congestion.Ledbat;
using Utp.Protocol.Connections;
using Utp.Transport;

namespace Utp.Protocol.Congestion;

/// <summary>Creates the controller that the settings of a connection ask for.</summary>
internal static class CongestionControllers
{
    /// <summary>The target of LEDBAT++ (draft-irtf-iccrg-ledbat-plus-plus, section 4.5).</summary>
    private const long LedbatPlusPlusTargetMicros = 60_000;

    /// <summary>The target of LEDBAT. RFC 6817 section 2.5: it must not exceed 100 ms; libutp uses that maximum.</summary>
    private const long LedbatTargetMicros = 100_000;

    public static ICongestionController Create(ConnectionSettings settings, int segmentBytes) => settings.CongestionControl switch
    {
        UtpCongestionControl.LedbatPlusPlus => new LedbatPlusPlusController(
            settings.LedbatPlusPlusSwitches, TargetMicros(settings, LedbatPlusPlusTargetMicros), segmentBytes, settings.MaxFlightBytes),
        UtpCongestionControl.Ledbat => new LedbatController(
            settings.LedbatProfile, TargetMicros(settings, LedbatTargetMicros), segmentBytes, settings.MaxFlightBytes),
        UtpCongestionControl.Cubic => new CubicController(segmentBytes, settings.MaxFlightBytes),
        _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.CongestionControl, "Unknown congestion control algorithm."),
    };

    private static long TargetMicros(ConnectionSettings settings, long algorithmDefault) =>
        settings.TargetDelayMicros > 0 ? settings.TargetDelayMicros : algorithmDefault;
}
