namespace Utp.Transport.Connections.Pipes;

/// <content>The writer's end, which belongs to the turn, and what the connection is told about bytes that were read.</content>
internal sealed partial class ConnectionInput
{
    /// <summary>Bytes appended since the last <see cref="Flush"/>. Within the turn.</summary>
    public long UncommittedLength => _chain.UncommittedLength;

    /// <summary>Takes received bytes, which <see cref="Flush"/> makes visible to the reader. Within the turn.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            if (_chain.IsWriting)
            {
                // No lock: the room belongs to the writer until it flushes.
                var room = _chain.Room.Span;
                if (room.Length >= bytes.Length)
                {
                    bytes.CopyTo(room);
                    _chain.Advance(bytes.Length);
                    return;
                }

                bytes[..room.Length].CopyTo(room);
                _chain.Advance(room.Length);
                bytes = bytes[room.Length..];
            }

            using (_operation.EnterScope())
            {
                if (_isReaderCompleted)
                {
                    // The signal that the input was completed gives these bytes back to the receive window.
                    return;
                }

                _chain.BeginWriting(pool, minimumBytes: 0);
            }
        }
    }

    /// <summary>Makes the appended bytes visible to the reader, and wakes it. Within the turn.</summary>
    public void Flush()
    {
        bool isQueued;
        long readBytes;
        using (_operation.EnterScope())
        {
            Commit();
            isQueued = IsReady && _operation.TryQueue();
            readBytes = CreditForMinimum();
        }

        Queue(isQueued);
        Credit(readBytes);
    }

    /// <summary>Ends the stream. Only the first call has an effect. Within the turn.</summary>
    /// <param name="error">The exception that the reader sees instead of the end.</param>
    public void CompleteWriter(Exception? error)
    {
        bool isQueued;
        using (_operation.EnterScope())
        {
            _writerError = _isWriterCompleted ? _writerError : error;
            _isWriterCompleted = true;
            Commit();
            isQueued = _operation.TryQueue();
        }

        Queue(isQueued);
    }

    private void Commit()
    {
        _chain.Commit();
        if (_isReaderCompleted)
        {
            _chain.Clear();
        }
    }

    /// <summary>Counts the buffered bytes as read while a read waits for a minimum: the peer must be able to send more than the receive window.</summary>
    private long CreditForMinimum()
    {
        if (_minimumLength == 0 || IsReady)
        {
            return 0;
        }

        var bytes = Math.Max(0, _chain.Length - _creditedLength);
        _creditedLength += bytes;
        return bytes;
    }

    private void Credit(long readBytes)
    {
        if (readBytes > 0)
        {
            owner.Consumed(readBytes);
        }
    }
}
