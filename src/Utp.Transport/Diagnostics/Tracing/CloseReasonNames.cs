namespace Utp.Transport.Diagnostics.Tracing;

/// <summary>Names of close reasons in traces and metrics; they are stable.</summary>
internal static class CloseReasonNames
{
    public static string Of(UtpCloseReason reason) => reason switch
    {
        UtpCloseReason.None => "none",
        UtpCloseReason.Graceful => "graceful",
        UtpCloseReason.LocalAbort => "local_abort",
        UtpCloseReason.PeerReset => "peer_reset",
        UtpCloseReason.Refused => "refused",
        UtpCloseReason.ConnectTimeout => "connect_timeout",
        UtpCloseReason.RetransmissionTimeout => "retransmission_timeout",
        UtpCloseReason.IdleTimeout => "idle_timeout",
        UtpCloseReason.LingerTimeout => "linger_timeout",
        UtpCloseReason.Unreachable => "unreachable",
        _ => "_OTHER",
    };
}
