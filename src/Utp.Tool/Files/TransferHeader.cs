using System.Buffers.Binary;
using System.Text;

namespace Utp.Tool.Files;

/// <summary>
/// What precedes each file on the wire. The sender: a preamble, then for each file this header, the bytes and their SHA-256, and a zero length
/// in place of another header. The receiver: a <see cref="TransferVerdict"/> after each header, and another after each hash.
/// </summary>
/// <remarks>Header: name length (16 bits, not zero), name (UTF-8), size (64 bits), time of change (milliseconds since 1970, 64 bits); big endian.</remarks>
internal sealed record TransferHeader(string Name, long Size, DateTime ModifiedUtc)
{
    public const int HashBytes = 32;

    private const int FixedBytes = 2 * sizeof(long);
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The protocol and its version.</summary>
    public static ReadOnlyMemory<byte> Preamble { get; } = "utp-send 1\n"u8.ToArray();

    public byte[] ToBytes()
    {
        var name = StrictUtf8.GetBytes(Name);
        var bytes = new byte[sizeof(ushort) + name.Length + FixedBytes];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)name.Length);
        name.CopyTo(bytes, sizeof(ushort));
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(sizeof(ushort) + name.Length), Size);
        BinaryPrimitives.WriteInt64BigEndian(
            bytes.AsSpan(sizeof(ushort) + name.Length + sizeof(long)),
            new DateTimeOffset(ModifiedUtc).ToUnixTimeMilliseconds());
        return bytes;
    }

    /// <summary>Reads the next header.</summary>
    /// <returns>Null at the end of the transfer.</returns>
    /// <exception cref="ToolException">The bytes are not a header.</exception>
    /// <exception cref="EndOfStreamException">The connection ended.</exception>
    public static async ValueTask<TransferHeader?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var length = new byte[sizeof(ushort)];
        await stream.ReadExactlyAsync(length, cancellationToken).ConfigureAwait(false);
        var nameLength = BinaryPrimitives.ReadUInt16BigEndian(length);
        if (nameLength == 0)
        {
            return null;
        }

        var bytes = new byte[nameLength + FixedBytes];
        await stream.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
        var size = BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(nameLength));

        // Not before 1970, which some file systems cannot express.
        var modified = Math.Max(0, BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(nameLength + sizeof(long))));
        try
        {
            return size < 0
                ? throw new ToolException("The sender announced a file of negative size.")
                : new TransferHeader(StrictUtf8.GetString(bytes, 0, nameLength), size, DateTimeOffset.FromUnixTimeMilliseconds(modified).UtcDateTime);
        }
        catch (ArgumentException e)
        {
            throw new ToolException("The sender announced a file with a name or time that cannot be.", e);
        }
    }
}
