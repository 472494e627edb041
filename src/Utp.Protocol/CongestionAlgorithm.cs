namespace Utp.Protocol;

/// <summary>The congestion controllers that a connection can use.</summary>
public enum CongestionAlgorithm
{
    /// <summary>LEDBAT as in RFC 6817, target 100 ms: yields to other traffic when its own queueing delay rises.</summary>
    Ledbat = 0,
}
