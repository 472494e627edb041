using System.Security.Cryptography;
using Utp.Protocol.Wire;

namespace Utp.Transport.Rendezvous;

/// <summary>
/// The packet that opens a NAT towards a peer. It is a RESET of a connection that does not exist: every peer drops it without an answer, and the
/// handlers of other protocols never see it. Any packet that leaves makes a NAT let the peer's packets in.
/// </summary>
internal static class PathOpener
{
    public static byte[] Create()
    {
        var packet = new byte[PacketHeader.Size];
        new PacketHeader
        {
            Type = PacketType.Reset,
            ConnectionId = RandomUInt16(),
            Timestamp = 1,
            Sequence = new SequenceNumber(RandomUInt16()),
            Acknowledgement = new SequenceNumber(RandomUInt16()),
        }.Write(packet);
        return packet;
    }

    private static ushort RandomUInt16() => (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1);
}
