using System.Buffers;
using System.Security.Cryptography;

namespace Utp.Tool.Files;

/// <summary>The sending side of a transfer, over one connection.</summary>
internal sealed class FileSender(UtpStream stream, ITransferProgress progress)
{
    private const int BufferBytes = 128 * 1024;

    /// <summary>Sends the files one after the other. Returns when the receiver has stored all of them.</summary>
    /// <exception cref="ToolException">The receiver refused a file, or a file changed while it was read.</exception>
    /// <exception cref="IOException">The connection was lost, or a file cannot be read.</exception>
    public async Task SendAsync(IReadOnlyList<FileInfo> files, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(TransferHeader.Preamble, cancellationToken).ConfigureAwait(false);
        foreach (var file in files)
        {
            await SendAsync(file, cancellationToken).ConfigureAwait(false);
        }

        await stream.WriteAsync(new byte[sizeof(ushort)], cancellationToken).ConfigureAwait(false);
        await stream.CompleteWritesAsync(cancellationToken).ConfigureAwait(false);

        // The receiver ends its side when it has stored everything.
        if (await stream.ReadAsync(new byte[1], cancellationToken).ConfigureAwait(false) != 0)
        {
            throw new ToolException("The receiver said something that was not expected.");
        }
    }

    private async Task SendAsync(FileInfo info, CancellationToken cancellationToken)
    {
        var file =
            new FileStream(info.FullName, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        await using (file.ConfigureAwait(false))
        {
            var header = new TransferHeader(info.Name, file.Length, info.LastWriteTimeUtc);
            await stream.WriteAsync(header.ToBytes(), cancellationToken).ConfigureAwait(false);
            await ExpectConsentAsync(info.Name, cancellationToken).ConfigureAwait(false);

            progress.Begin(header.Name, header.Size, stream);
            await stream.WriteAsync(await SendBytesAsync(file, header, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            await ExpectConsentAsync(info.Name, cancellationToken).ConfigureAwait(false);
            progress.End(succeeded: true);
        }
    }

    /// <summary>Sends exactly as many bytes as were announced.</summary>
    /// <returns>Their SHA-256.</returns>
    private async Task<byte[]> SendBytesAsync(FileStream file, TransferHeader header, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (var left = header.Size; left > 0;)
            {
                var count = await file.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, BufferBytes)), cancellationToken).ConfigureAwait(false);
                if (count == 0)
                {
                    throw new ToolException($"'{header.Name}' became shorter while it was sent.");
                }

                hash.AppendData(buffer, 0, count);
                await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                left -= count;
                progress.Advance(count);
            }

            return hash.GetHashAndReset();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask ExpectConsentAsync(string name, CancellationToken cancellationToken)
    {
        if (await TransferVerdict.ReadAsync(stream, cancellationToken).ConfigureAwait(false) is { } refusal)
        {
            throw new ToolException($"The receiver refused '{name}': {refusal}");
        }
    }
}
