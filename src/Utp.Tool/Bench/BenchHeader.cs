using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Utp.Tool.Bench;

/// <summary>What the connecting side asks for, at the head of each connection.</summary>
/// <param name="Mode">What to do.</param>
/// <param name="MessageSize">Bytes in each write.</param>
/// <param name="Bytes">
/// Bytes of this connection; 0 when <paramref name="Milliseconds"/> decides. The first byte of each message then says whether it is the last.
/// </param>
/// <param name="Milliseconds">How long the sender sends.</param>
/// <remarks>
/// Neither side ends its direction before the other has what it wants: the end of one direction is the end of the connection with Kestrel's TCP
/// transport, and both transports run the same code here.
/// </remarks>
internal sealed record BenchHeader(BenchMode Mode, int MessageSize, long Bytes, int Milliseconds)
{
    public const int MaxMessageSize = 16 * 1024 * 1024;

    private const int Size = 24;

    private static ReadOnlySpan<byte> Magic => "utpb\x01"u8;

    public void WriteTo(PipeWriter output)
    {
        var span = output.GetSpan(Size)[..Size];
        span.Clear();
        Magic.CopyTo(span);
        span[5] = (byte)Mode;
        BinaryPrimitives.WriteInt32BigEndian(span[8..], MessageSize);
        BinaryPrimitives.WriteInt64BigEndian(span[12..], Bytes);
        BinaryPrimitives.WriteInt32BigEndian(span[20..], Milliseconds);
        output.Advance(Size);
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="ToolException">The peer is not a benchmark, or asks for something impossible.</exception>
    public static async ValueTask<BenchHeader> ReadAsync(PipeReader input)
    {
        var result = await input.ReadAtLeastAsync(Size).ConfigureAwait(false);
        if (result.Buffer.Length < Size)
        {
            throw new ToolException("The peer ended before it said what to measure.");
        }

        var header = Parse(result.Buffer.Slice(0, Size).ToArray());
        input.AdvanceTo(result.Buffer.GetPosition(Size));
        return header;
    }

    private static BenchHeader Parse(ReadOnlySpan<byte> span)
    {
        var header = new BenchHeader(
            (BenchMode)span[5],
            BinaryPrimitives.ReadInt32BigEndian(span[8..]),
            BinaryPrimitives.ReadInt64BigEndian(span[12..]),
            BinaryPrimitives.ReadInt32BigEndian(span[20..]));
        var isSound = span.StartsWith(Magic)
            && Enum.IsDefined(header.Mode)
            && header.MessageSize is >= 1 and <= MaxMessageSize
            && header.Bytes >= 0
            && header.Milliseconds >= 0;
        return isSound ? header : throw new ToolException("The peer is not 'utp bench', or of another version.");
    }
}
