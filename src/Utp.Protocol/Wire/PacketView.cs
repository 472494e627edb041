namespace Utp.Protocol.Wire;

/// <summary>A datagram parsed in place: the header, the one extension that is used, and the offset of the payload.</summary>
internal readonly ref struct PacketView
{
    private PacketView(PacketHeader header, ReadOnlySpan<byte> selectiveAck, bool hasSelectiveAck, int payloadOffset, int payloadLength)
    {
        Header = header;
        SelectiveAck = selectiveAck;
        HasSelectiveAck = hasSelectiveAck;
        PayloadOffset = payloadOffset;
        PayloadLength = payloadLength;
    }

    public PacketHeader Header { get; }

    /// <summary>The SACK bit mask; any length, because libtorrent sends single bytes.</summary>
    public ReadOnlySpan<byte> SelectiveAck { get; }

    public bool HasSelectiveAck { get; }

    public int PayloadOffset { get; }

    public int PayloadLength { get; }

    public static PacketParseResult TryParse(ReadOnlySpan<byte> datagram, out PacketView packet)
    {
        packet = default;
        if (!PacketHeader.TryRead(datagram, out var header) || StunMessage.IsAnswer(datagram))
        {
            return PacketParseResult.NotUtp;
        }

        // Interop: a first extension of 3 or more (libtorrent's close reason) makes libutp drop the packet; it is skipped here.
        var reader = new ExtensionReader(datagram, header.Extension);
        ReadOnlySpan<byte> selectiveAck = default;
        var hasSelectiveAck = false;
        while (reader.TryRead(out var type, out var body))
        {
            if (type == ExtensionReader.SelectiveAckType && !hasSelectiveAck)
            {
                selectiveAck = body;
                hasSelectiveAck = true;
            }
        }

        if (reader.IsTruncated)
        {
            return PacketParseResult.Malformed;
        }

        packet = new PacketView(header, selectiveAck, hasSelectiveAck, reader.Offset, datagram.Length - reader.Offset);
        return PacketParseResult.Packet;
    }
}

internal enum PacketParseResult : byte
{
    Packet,

    /// <summary>The datagram is too short, has another version or an unknown type, or is an answer of STUN: it belongs to another protocol.</summary>
    NotUtp,

    /// <summary>A uTP header precedes an extension chain that runs past the end. The packet is dropped before any effect.</summary>
    Malformed,
}
