using System.Buffers;

namespace Utp.Transport.Connections.Pipes;

/// <content>The reader's end, which belongs to the turn.</content>
internal sealed partial class ConnectionOutput
{
    /// <summary>Releases acknowledged bytes, sets the limit, and returns the bytes that are left. May resume the writer. Within the turn.</summary>
    /// <param name="acknowledgedBytes">How many of the bytes returned last are no longer needed.</param>
    /// <param name="limitBytes">How many bytes the pipe may hold before a flush waits.</param>
    /// <param name="isCompleted">Whether the application writes no more.</param>
    /// <returns>All flushed bytes that are not acknowledged.</returns>
    public ReadOnlySequence<byte> ReleaseAndGetUnacknowledged(long acknowledgedBytes, int limitBytes, out bool isCompleted)
    {
        ReadOnlySequence<byte> rest;
        var isQueued = false;
        using (_operation.EnterScope())
        {
            _limitBytes = limitBytes;
            if (acknowledgedBytes > 0)
            {
                _chain.Consume(acknowledgedBytes);
            }

            // A quarter of the limit must be free, so that a writer of small pieces is not woken for each of them.
            if (_isPaused && _chain.Length < limitBytes - (limitBytes / 4))
            {
                isQueued = Resume();
            }

            rest = _chain.Committed;
            isCompleted = _isWriterCompleted;
        }

        Queue(isQueued);
        return rest;
    }

    /// <summary>Resumes a flush that waits, because the connection takes no more bytes. Within the turn.</summary>
    public void Refuse()
    {
        bool isQueued;
        using (_operation.EnterScope())
        {
            isQueued = Resume();
        }

        Queue(isQueued);
    }

    /// <summary>Drops what was written: it is no longer needed. Within the turn.</summary>
    public void CompleteReader()
    {
        bool isQueued;
        using (_operation.EnterScope())
        {
            _isReaderCompleted = true;
            isQueued = Resume();
            ClearIfCompleted();
        }

        Queue(isQueued);
    }

    private bool Resume()
    {
        _isPaused = false;
        return _operation.TryQueue();
    }

    /// <summary>Returns the memory. Not before the writer is completed, because it may be writing to the memory.</summary>
    private void ClearIfCompleted()
    {
        if (_isReaderCompleted && _isWriterCompleted)
        {
            _chain.Clear();
        }
    }
}
