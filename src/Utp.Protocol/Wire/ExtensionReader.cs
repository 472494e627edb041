namespace Utp.Protocol.Wire;

/// <summary>Reads the chain of extensions. Each has the type of the next one, a length, and that many bytes. Unknown types are skipped.</summary>
internal ref struct ExtensionReader(ReadOnlySpan<byte> datagram, byte firstType)
{
    public const byte SelectiveAckType = 1;

    private readonly ReadOnlySpan<byte> _datagram = datagram;
    private byte _type = firstType;

    /// <summary>Offset at which the chain ends and the payload starts, once <see cref="TryRead"/> has returned false.</summary>
    public int Offset { get; private set; } = PacketHeader.Size;

    public bool IsTruncated { get; private set; }

    public bool TryRead(out byte type, out ReadOnlySpan<byte> body)
    {
        type = _type;
        body = default;
        if (_type == 0 || IsTruncated)
        {
            return false;
        }

        var rest = _datagram[Offset..];
        if (rest.Length < 2 || rest.Length < 2 + rest[1])
        {
            IsTruncated = true;
            return false;
        }

        _type = rest[0];
        body = rest.Slice(2, rest[1]);
        Offset += 2 + body.Length;
        return true;
    }
}
