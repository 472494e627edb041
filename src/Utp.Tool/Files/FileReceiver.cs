using System.Buffers;

namespace Utp.Tool.Files;

/// <summary>The receiving side of a transfer, over one connection. It checks everything that the sender says.</summary>
internal sealed class FileReceiver(UtpStream stream, string directory, bool overwrite, ITransferProgress progress)
{
    private const int BufferBytes = 128 * 1024;

    /// <summary>Receives files until the sender has no more.</summary>
    /// <returns>The number of files that were stored.</returns>
    /// <exception cref="ToolException">The peer is no sender, or a file was refused or damaged.</exception>
    /// <exception cref="IOException">The connection was lost, or a file cannot be stored.</exception>
    public async Task<int> ReceiveAsync(CancellationToken cancellationToken)
    {
        var preamble = new byte[TransferHeader.Preamble.Length];
        await stream.ReadExactlyAsync(preamble, cancellationToken).ConfigureAwait(false);
        if (!preamble.AsSpan().SequenceEqual(TransferHeader.Preamble.Span))
        {
            throw new ToolException($"The peer {stream.RemoteEndPoint} is not 'utp send', or of another version.");
        }

        var count = 0;
        while (await TransferHeader.ReadAsync(stream, cancellationToken).ConfigureAwait(false) is { } header)
        {
            await ReceiveAsync(header, cancellationToken).ConfigureAwait(false);
            count++;
        }

        await stream.CompleteWritesAsync(cancellationToken).ConfigureAwait(false);
        return count;
    }

    private async Task ReceiveAsync(TransferHeader header, CancellationToken cancellationToken)
    {
        if (Refuse(header.Name) is { } refusal)
        {
            await ThrowRefusalAsync(header.Name, refusal, null, cancellationToken).ConfigureAwait(false);
        }

        var partial = await CreateAsync(header, cancellationToken).ConfigureAwait(false);
        await using (partial.ConfigureAwait(false))
        {
            await TransferVerdict.WriteAsync(stream, null, cancellationToken).ConfigureAwait(false);
            progress.Begin(header.Name, header.Size, stream);
            await ReceiveBytesAsync(partial, header.Size, cancellationToken).ConfigureAwait(false);

            var expected = new byte[TransferHeader.HashBytes];
            await stream.ReadExactlyAsync(expected, cancellationToken).ConfigureAwait(false);
            if (!partial.GetHash().AsSpan().SequenceEqual(expected))
            {
                await ThrowRefusalAsync(header.Name, "its SHA-256 is not that of the sender.", null, cancellationToken).ConfigureAwait(false);
            }

            try
            {
                partial.Commit(header.ModifiedUtc, overwrite);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                await ThrowRefusalAsync(header.Name, e.Message, e, cancellationToken).ConfigureAwait(false);
            }

            await TransferVerdict.WriteAsync(stream, null, cancellationToken).ConfigureAwait(false);
            progress.End(succeeded: true);
        }
    }

    private string? Refuse(string name)
    {
        if (FileNames.Check(name) is { } complaint)
        {
            return $"{complaint}.";
        }

        return !overwrite && Path.Exists(Path.Combine(directory, name)) ? "it exists already (the receiver's --overwrite replaces it)." : null;
    }

    private async ValueTask<PartialFile> CreateAsync(TransferHeader header, CancellationToken cancellationToken)
    {
        try
        {
            return PartialFile.Create(directory, header.Name, header.Size);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await ThrowRefusalAsync(header.Name, e.Message, e, cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    private async Task ReceiveBytesAsync(PartialFile partial, long size, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (var left = size; left > 0;)
            {
                var count = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, BufferBytes)), cancellationToken).ConfigureAwait(false);
                if (count == 0)
                {
                    throw new EndOfStreamException();
                }

                await partial.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                left -= count;
                progress.Advance(count);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Sends the refusal, waits until the sender has it, and throws.</summary>
    private async Task ThrowRefusalAsync(string name, string reason, Exception? inner, CancellationToken cancellationToken)
    {
        await TransferVerdict.WriteAsync(stream, reason, cancellationToken).ConfigureAwait(false);
        await stream.CloseAsync(cancellationToken).ConfigureAwait(false);
        throw new ToolException($"Refused {Quote(name)}: {reason}", inner);
    }

    /// <summary>A name from the network, safe to show.</summary>
    private static string Quote(string name) => $"'{string.Concat(name.Where(character => !char.IsControl(character)))}'";
}
