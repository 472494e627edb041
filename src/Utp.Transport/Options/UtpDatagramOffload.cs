namespace Utp.Transport;

/// <summary>How datagrams enter and leave the system.</summary>
public enum UtpDatagramOffload
{
    /// <summary>The best that the running system supports, tried in the order of <see cref="Segmentation"/>, <see cref="Batching"/>, <see cref="Portable"/>.</summary>
    Auto = 0,

    /// <summary>The portable socket, one datagram per call. Works everywhere.</summary>
    Portable,

    /// <summary>Linux <c>sendmmsg</c> and <c>recvmmsg</c>: many datagrams per call.</summary>
    Batching,

    /// <summary>Linux UDP segmentation and receive offload (GSO, GRO): the kernel cuts and joins trains of datagrams.</summary>
    Segmentation,
}
