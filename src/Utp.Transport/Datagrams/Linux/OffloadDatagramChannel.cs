using Utp.Transport.Engine;

namespace Utp.Transport.Datagrams.Linux;

/// <summary>
/// Trains as one message: the kernel or the network card cuts what is sent (UDP GSO) and joins what arrives (UDP GRO). The route to the
/// network is then walked once per train instead of once per datagram.
/// </summary>
internal sealed class OffloadDatagramChannel(ILinuxSocket socket, UdpSocketFacts facts, UtpClock clock)
    : LinuxDatagramChannel(socket, facts, clock)
{
    /// <summary><c>UDP_MAX_SEGMENTS</c> of every kernel that has segmentation; newer ones allow 128.</summary>
    private const int MaxSegmentsPerCall = 64;

    /// <summary>What one IPv4 packet can carry: 65,535 less the headers of IP and UDP.</summary>
    private const int MaxBytesPerCall = 65_507;

    /// <summary>False once a network device has refused: some tunnels and drivers cannot compute the checksums.</summary>
    private bool _segmentationWorks = true;

    public override string Name => "offload";

    public override bool SegmentsTrains => _segmentationWorks;

    /// <summary>Fills 64 KiB with datagrams of 1,400 bytes.</summary>
    public override int MaxSegmentsPerTrain => 45;

    protected override unsafe SendOutcome SendTrain(byte* train, int length, int segmentSize, ref int bytesSent)
    {
        var bytesPerCall = Math.Min(MaxSegmentsPerCall, MaxBytesPerCall / segmentSize) * segmentSize;
        while (length - bytesSent > segmentSize && bytesPerCall > segmentSize && _segmentationWorks)
        {
            var chunk = Math.Min(bytesPerCall, length - bytesSent);
            var result = SendMessage(Outgoing.Segmented(train + bytesSent, chunk, segmentSize));
            Outgoing.ForgetSegmentation();
            if (result >= 0)
            {
                bytesSent += chunk;
            }
            else if (-result is ErrorNumber.InputOutput or ErrorNumber.InvalidArgument)
            {
                // Refused as a train. When its datagrams pass one by one, it was segmentation that is at fault, and stays unused from here;
                // otherwise it was their length (older kernels say so with EINVAL too) or their destination.
                var outcome = SendDatagrams(train, length, segmentSize, ref bytesSent);
                _segmentationWorks = outcome != SendOutcome.Sent;
                return outcome;
            }
            else if (Outcome(-result) is SendOutcome.Failed)
            {
                // A rule of the system may forbid packets of such a length (EPERM), or everything: the datagrams tell.
                var outcome = SendDatagrams(train, length, segmentSize, ref bytesSent);
                return outcome == SendOutcome.Sent ? SendOutcome.SentOneByOne : outcome;
            }
            else
            {
                return Outcome(-result);
            }
        }

        return SendDatagrams(train, length, segmentSize, ref bytesSent);
    }
}
