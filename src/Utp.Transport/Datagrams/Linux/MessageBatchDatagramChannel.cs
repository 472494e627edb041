using Utp.Transport.Engine;

namespace Utp.Transport.Datagrams.Linux;

/// <summary>Sends and receives many datagrams per system call: <c>sendmmsg</c> and <c>recvmmsg</c>.</summary>
internal sealed class MessageBatchDatagramChannel(ILinuxSocket socket, UdpSocketFacts facts, UtpClock clock)
    : LinuxDatagramChannel(socket, facts, clock)
{
    public override string Name => "mmsg";

    /// <summary>Measurements show no gain beyond this number per call; the wire timestamps of the last segments would only be older.</summary>
    public override int MaxSegmentsPerTrain => 32;

    protected override unsafe SendOutcome SendTrain(byte* train, int length, int segmentSize, ref int bytesSent) =>
        SendDatagrams(train, length, segmentSize, ref bytesSent);
}
