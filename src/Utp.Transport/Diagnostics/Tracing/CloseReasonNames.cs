using Utp.Protocol;

namespace Utp.Transport.Diagnostics.Tracing;

/// <summary>Reasons as traces and metrics spell them; stable.</summary>
internal static class CloseReasonNames
{
    public static string Of(CloseReason reason) => reason switch
    {
        CloseReason.None => "none",
        CloseReason.Graceful => "graceful",
        CloseReason.LocalAbort => "local_abort",
        CloseReason.PeerReset => "peer_reset",
        CloseReason.Refused => "refused",
        CloseReason.ConnectTimeout => "connect_timeout",
        CloseReason.RetransmissionTimeout => "retransmission_timeout",
        CloseReason.IdleTimeout => "idle_timeout",
        CloseReason.LingerTimeout => "linger_timeout",
        CloseReason.Unreachable => "unreachable",
        _ => "_OTHER",
    };
}
