namespace Utp.Protocol.Wire;

/// <summary>
/// Extensions that carry nothing and make a packet longer, for path MTU probes. The first is type 2, eight bytes of "extension bits", because
/// libutp drops a packet whose first extension it does not know; what follows is of a type that no document assigns, which every peer skips.
/// </summary>
internal static class ProbePadding
{
    /// <summary>The least that <see cref="Write"/> can fill beyond the first extension: one empty extension.</summary>
    public const int MinBytes = FirstBytes + LinkBytes;

    /// <summary>Type of the first extension, for the packet's header.</summary>
    public const byte FirstType = 2;

    /// <summary>Type of the others: not assigned.</summary>
    private const byte FillerType = 0x50;

    /// <summary>Next type and length.</summary>
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
                // One byte is no extension.
                length--;
            }

            rest[0] = length < rest.Length ? FillerType : (byte)0;
            rest[1] = (byte)(length - LinkBytes);
            rest = rest[length..];
        }
    }
}
