using Utp.Protocol.Time;
using Utp.Transport.Connections.Ending;
using Utp.Transport.Connections.Pipes;
using Utp.Transport.Sockets;

namespace Utp.Transport.Connections;

/// <content>What passes between the core and the pipes.</content>
internal sealed partial class UtpConnection : IPipeOwner
{
    private readonly ConnectionInput _input;
    private readonly ConnectionOutput _output;

    /// <summary>Bytes that the application has read since the turn last looked. Any thread adds.</summary>
    private long _consumedBytes;

    /// <summary>Bytes that the core has delivered, and that do not count as consumed yet.</summary>
    private long _unreadBytes;

    /// <summary>Written bytes that the peer has not acknowledged.</summary>
    private long _unacknowledgedBytes;

    /// <summary>Of those, the bytes that were written before the connection was closed.</summary>
    private long _closingBytes;

    /// <summary>Puts in-order payload into the input pipe. The pipe never overfills, because the receive window is what it may still hold.</summary>
    /// <returns>How many bytes were taken: fewer than there are only when there is no memory for the rest.</returns>
    public int Deliver(Instant now, ReadOnlySpan<byte> payload)
    {
        if (_end.Input != InputEnd.Open)
        {
            _core?.HandleConsumed(now, payload.Length);
            return payload.Length;
        }

        if (Volatile.Read(ref _consumedBytes) > 0)
        {
            TakeConsumed(now);
        }

        var before = _input.UncommittedLength;
        var taken = payload.Length;
        try
        {
            _input.Append(payload);
        }
        catch (OutOfMemoryException)
        {
            taken = (int)(_input.UncommittedLength - before);
        }

        _unreadBytes += taken;
        return taken;
    }

    /// <summary>Makes delivered bytes visible to the reader, and resumes it.</summary>
    public void FlushInput()
    {
        if ((_end.Input & InputEnd.Ended) == 0)
        {
            _input.Flush();
        }
    }

    /// <summary>
    /// Counts bytes that the application has read. The turn looks at the count with every datagram; it is posted to only for as many bytes as open
    /// the receive window noticeably.
    /// </summary>
    void IPipeOwner.Consumed(long bytes)
    {
        if (Interlocked.Add(ref _consumedBytes, bytes) >= _options.ReceiveBufferSize / 4)
        {
            Post(ConnectionSignals.Consumed);
        }
    }

    void IPipeOwner.Wake(IThreadPoolWorkItem waiter) => _socket.Wake(waiter);

    void IPipeOwner.InputCompleted() => Post(ConnectionSignals.InputCompleted);

    void IPipeOwner.OutputFlushed() => Post(ConnectionSignals.Output);

    void IPipeOwner.OutputCompleted() => Post(ConnectionSignals.Output);

    void IPipeOwner.OutputFailed(Exception exception) => Abort(UtpErrors.OutputFailed(exception));

    private void TakeConsumed(Instant now)
    {
        var bytes = Interlocked.Exchange(ref _consumedBytes, 0);
        if (bytes > 0 && (_end.Input & InputEnd.Abandoned) == 0)
        {
            _unreadBytes -= bytes;
            _core!.HandleConsumed(now, bytes);
        }
    }

    /// <summary>Counts as consumed what the application will not read.</summary>
    private void ReturnWindow(Instant now)
    {
        if (_unreadBytes > 0)
        {
            _core!.HandleConsumed(now, _unreadBytes);
            _unreadBytes = 0;
        }
    }

    /// <summary>Releases acknowledged bytes, which may resume the writer, and gives the others to the core.</summary>
    private void PumpOutput(Instant now)
    {
        var end = _end.Output;
        if (end == OutputEnd.Closed)
        {
            return;
        }

        var acknowledged = _core!.AcknowledgedBytes;
        var limit = _socket.BufferShare.Of(_options.SendBufferSize, _core.MinRoundTripMicros);
        var rest = _output.ReleaseAndGetUnacknowledged(acknowledged, limit, out var isCompleted);
        if (end >= OutputEnd.Closing)
        {
            // Bytes written after the close are not for the peer.
            _closingBytes -= acknowledged;
            rest = rest.Slice(0, Math.Min(rest.Length, _closingBytes));
        }

        SetUnacknowledged(rest.Length);
        _core.HandleSendBuffer(now, rest, acknowledged);
        if (isCompleted && end == OutputEnd.Open)
        {
            Apply(now, EndCause.OutputCompleted);
        }
    }

    private void SetUnacknowledged(long bytes)
    {
        _socket.BufferShare.Update(_unacknowledgedBytes, bytes);
        _unacknowledgedBytes = bytes;
    }
}
