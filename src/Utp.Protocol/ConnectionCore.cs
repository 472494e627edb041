using System.Buffers;

namespace Utp.Protocol;

/// <summary>One uTP connection. Members are called only by the one writer of its endpoint.</summary>
internal sealed partial class ConnectionCore
{
    /// <summary>Whatever the driver wants to find again.</summary>
    public object? Owner { get; set; }

    public PeerAddress Remote => throw new NotImplementedException();

    public ConnectionState State => throw new NotImplementedException();

    public CloseReason CloseReason => throw new NotImplementedException();

    /// <summary>True when this side sent the SYN.</summary>
    public bool IsInitiator => throw new NotImplementedException();

    public ConnectionStatistics Statistics => throw new NotImplementedException();

    /// <summary>
    /// Shows the core everything that is buffered for sending: the bytes from the oldest unreleased one to the newest. Called when bytes were
    /// appended, and after bytes were released. The memory of a byte, once shown, must not move or change until released. Bytes are released by
    /// passing <paramref name="releasedBytes"/>: how many at the old front (at most <see cref="AcknowledgedBytes"/>) are no longer in
    /// <paramref name="buffered"/>.
    /// </summary>
    public void HandleSendBuffer(Instant now, in ReadOnlySequence<byte> buffered, long releasedBytes) => throw new NotImplementedException();

    /// <summary>Bytes at the front of the send buffer that are acknowledged and not yet released.</summary>
    public long AcknowledgedBytes => throw new NotImplementedException();

    /// <summary>After a datagram: the next run of payload that became in order because a gap was filled. Valid until the next call on the core.</summary>
    public bool TryTakeReordered(out ReadOnlySpan<byte> payload) => throw new NotImplementedException();

    /// <summary>The application consumed received bytes; the receive window opens, and may be announced.</summary>
    public void HandleConsumed(Instant now, long bytes) => throw new NotImplementedException();

    /// <summary>No more bytes will be appended: a FIN follows the buffered ones. Reading goes on (half-close).</summary>
    public void Finish(Instant now) => throw new NotImplementedException();

    /// <summary>Finish, and no interest in further received bytes: they are acknowledged and dropped. Ends within the linger time.</summary>
    public void Close(Instant now) => throw new NotImplementedException();

    /// <summary>Sends a RESET and forgets the connection.</summary>
    public void Abort(Instant now) => throw new NotImplementedException();

    /// <summary>Re-derives every counter from the structures it summarises and throws if one differs. Debug builds and tests.</summary>
    public void CheckInvariants() => throw new NotImplementedException();
}
