using System.Buffers.Binary;

namespace Utp.Protocol.Wire;

/// <summary>
/// Recognises the answers of STUN servers (RFC 8489 section 5), which begin with 0x01 as uTP data does. A program that asks a STUN server from its uTP
/// port must get them. They have the magic cookie in the place of the timestamp, and their length in the place of the connection id. A uTP packet that
/// has both by chance is taken for STUN and lost; when it is sent again, it has another timestamp.
/// </summary>
internal static class StunMessage
{
    private const int HeaderSize = 20;
    private const byte FirstByteOfAnswers = 0x01;
    private const uint MagicCookie = 0x2112_A442;

    public static bool IsAnswer(ReadOnlySpan<byte> datagram) =>
        datagram.Length >= HeaderSize
        && datagram[0] == FirstByteOfAnswers
        && BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]) == MagicCookie
        && BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]) == datagram.Length - HeaderSize;
}
