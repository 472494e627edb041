namespace Utp.Protocol.Wire;

/// <summary>
/// Writes extensions without content that make a packet longer, for path MTU probes. The first has type 2, eight bytes of "extension bits", because
/// libutp drops a packet whose first extension it does not know. The others have a type that no document assigns, which every peer skips.
/// </summary>
internal static class ProbePadding
{
    /// <summary>The minimum length that <see cref="Write"/> can fill: the first extension and one empty extension.</summary>
    public const int MinBytes = FirstBytes + LinkBytes;

    /// <summary>Type of the first extension, for the header of the packet.</summary>
    public const byte FirstType = 2;

    /// <summary>Type of the other extensions, which no document assigns.</summary>
    private const byte FillerType = 0x50;

    /// <summary>Length of an extension's own header: the next type and the length.</summary>
    private const int LinkBytes = 2;

    private const int FirstBodyBytes = 8;
    private const int FirstBytes = LinkBytes + FirstBodyBytes;

    /// <summary>Fills all of <paramref name="destination"/>, at least <see cref="MinBytes"/>.</summary>
    public static void Write(Span<byte> destination)
    {
        destination.Clear();
        destination[0] = FillerType;
        destination[1] = FirstBodyBytes;
        var rest = destination[FirstBytes..];
        while (rest.Length > 0)
        {
            var length = Math.Min(rest.Length, LinkBytes + byte.MaxValue);
            if (rest.Length - length == 1)
            {
                // One byte is too short for an extension.
                length--;
            }

            rest[0] = length < rest.Length ? FillerType : (byte)0;
            rest[1] = (byte)(length - LinkBytes);
            rest = rest[length..];
        }
    }
}
