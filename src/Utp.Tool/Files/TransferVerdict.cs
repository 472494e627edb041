using System.Buffers.Binary;
using System.Text;

namespace Utp.Tool.Files;

/// <summary>The receiver's answer about a file: accepted, or the reason of a refusal.</summary>
/// <remarks>On the wire: the length of the reason (16 bits, big endian), and the reason (UTF-8).</remarks>
internal static class TransferVerdict
{
    private const int MaxReasonBytes = 1_000;

    /// <summary>Sends an answer.</summary>
    /// <param name="stream">To the sender of the file.</param>
    /// <param name="refusal">The reason; null to accept.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static ValueTask WriteAsync(Stream stream, string? refusal, CancellationToken cancellationToken)
    {
        var reason = Encoding.UTF8.GetBytes(refusal ?? string.Empty).AsSpan();
        reason = reason[..Math.Min(reason.Length, MaxReasonBytes)];
        var bytes = new byte[sizeof(ushort) + reason.Length];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)reason.Length);
        reason.CopyTo(bytes.AsSpan(sizeof(ushort)));
        return stream.WriteAsync(bytes, cancellationToken);
    }

    /// <summary>Receives an answer.</summary>
    /// <returns>The reason of a refusal; null if accepted.</returns>
    public static async ValueTask<string?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var length = new byte[sizeof(ushort)];
        await stream.ReadExactlyAsync(length, cancellationToken).ConfigureAwait(false);
        var reason = new byte[Math.Min(BinaryPrimitives.ReadUInt16BigEndian(length), (ushort)MaxReasonBytes)];
        await stream.ReadExactlyAsync(reason, cancellationToken).ConfigureAwait(false);

        // The reason comes from the network, and a terminal will show it.
        return reason.Length == 0 ? null : string.Concat(Encoding.UTF8.GetString(reason).Where(character => !char.IsControl(character)));
    }
}
