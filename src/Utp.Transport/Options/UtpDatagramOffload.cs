namespace Utp.Transport;

/// <summary>Specifies how datagrams enter and leave the system.</summary>
public enum UtpDatagramOffload
{
    /// <summary>The best supported mode, tried in the order <see cref="Segmentation"/>, <see cref="Batching"/>, <see cref="Portable"/>.</summary>
    Auto = 0,

    /// <summary>The portable socket, with one datagram per call. It works everywhere.</summary>
    Portable,

    /// <summary>Linux <c>sendmmsg</c> and <c>recvmmsg</c>: many datagrams per call.</summary>
    Batching,

    /// <summary>Linux UDP segmentation and receive offload (GSO, GRO): the kernel cuts and joins trains of datagrams.</summary>
    Segmentation,
}
