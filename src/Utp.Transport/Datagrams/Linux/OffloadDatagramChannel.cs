using Utp.Transport.Engine;

namespace Utp.Transport.Datagrams.Linux;

/// <summary>
/// Sends and receives a train as one message: the kernel or the network card cuts what is sent (UDP GSO) and joins what arrives (UDP GRO). The
/// kernel's network stack then runs once per train instead of once per datagram.
/// </summary>
internal sealed class OffloadDatagramChannel(ILinuxSocket socket, UdpSocketFacts facts, UtpClock clock)
    : LinuxDatagramChannel(socket, facts, clock)
{
    /// <summary><c>UDP_MAX_SEGMENTS</c> of every kernel that has segmentation; newer ones allow 128.</summary>
    private const int MaxSegmentsPerCall = 64;

    /// <summary>The maximum payload of one IPv4 packet: 65,535 less the headers of IP and UDP.</summary>
    private const int MaxBytesPerCall = 65_507;

    /// <summary>False once a network device has refused: some tunnels and drivers cannot compute the checksums.</summary>
    private bool _segmentationWorks = true;

    public override string Name => "offload";

    public override bool SegmentsTrains => _segmentationWorks;

    /// <summary>The number of datagrams of 1,400 bytes that fills 64 KiB.</summary>
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
                // The system refused the train. If its datagrams pass one by one, segmentation is at fault and stays off from here; otherwise the
                // cause is their length (older kernels report EINVAL for that too) or their destination.
                var outcome = SendDatagrams(train, length, segmentSize, ref bytesSent);
                _segmentationWorks = outcome != SendOutcome.Sent;
                return outcome;
            }
            else if (Outcome(-result) is SendOutcome.Failed)
            {
                // A firewall rule may forbid packets of such a length (EPERM), or all packets: single datagrams show which.
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
