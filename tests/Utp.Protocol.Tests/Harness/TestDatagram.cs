using Utp.Protocol.Addresses;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Harness;

/// <summary>One datagram on the virtual wire.</summary>
internal sealed record TestDatagram(PeerAddress From, PeerAddress To, byte[] Bytes, Instant SentAt, bool AllowFragmentation)
{
    public PacketHeader Header => PacketHeader.TryRead(Bytes, out var header) ? header : default;

    public PacketType Type => Header.Type;

    public int PayloadLength => PacketView.TryParse(Bytes, out var packet) == PacketParseResult.Packet ? packet.PayloadLength : 0;

    public byte[]? SelectiveAck =>
        PacketView.TryParse(Bytes, out var packet) == PacketParseResult.Packet && packet.HasSelectiveAck ? packet.SelectiveAck.ToArray() : null;

    public override string ToString() =>
        $"{SentAt} {Type} id={Header.ConnectionId} seq={Header.Sequence} ack={Header.Acknowledgement} wnd={Header.WindowBytes} payload={PayloadLength}";
}
