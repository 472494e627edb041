namespace Utp.Protocol.Receiving;

/// <summary>
/// The bytes that the peer may still send. The advertised window is either zero or has room for two full segments: libutp and libtorrent send nothing
/// into a window smaller than their packet, and would wait for ever.
/// </summary>
internal struct ReceiveWindow(int capacityBytes)
{
    /// <summary>Two packets of the largest Ethernet payload.</summary>
    private const int MinAdvertisedBytes = 2 * 1472;

    private readonly int _capacityBytes = capacityBytes;

    /// <summary>The window to advertise when nothing is unread: the capacity, or less while a rate limit applies.</summary>
    private int _targetBytes = capacityBytes;

    /// <summary>The window that the peer counts on: the last one advertised, less what has arrived since.</summary>
    private int _peerBelievesBytes;

    /// <summary>May exceed the capacity by what was held out of order when a gap is filled, and so grow to twice the capacity.</summary>
    private uint _unreadBytes;

    /// <summary>Bytes delivered in order and not yet consumed.</summary>
    public readonly long UnreadBytes => _unreadBytes;

    /// <summary>Whether the peer waits until it is told that the window has opened.</summary>
    public readonly bool IsClosedToPeer => _peerBelievesBytes < MinAdvertisedBytes;

    public readonly long FreeBytes(long reorderedBytes) => Math.Max(0, _capacityBytes - (long)_unreadBytes - reorderedBytes);

    /// <summary>Changes the window to advertise when nothing is unread. What the peer was promised before is not taken back.</summary>
    public void SetTarget(int bytes) => _targetBytes = Math.Min(bytes, _capacityBytes);

    /// <summary>Bytes arrived in order and went to the application.</summary>
    public void OnDelivered(int bytes)
    {
        _unreadBytes += (uint)bytes;
        _peerBelievesBytes = Math.Max(0, _peerBelievesBytes - bytes);
    }

    /// <summary>The application consumed bytes. Returns true if the window has opened so far that it should be announced to the peer.</summary>
    public bool OnConsumed(long bytes, long reorderedBytes)
    {
        _unreadBytes = (uint)Math.Max(0, _unreadBytes - bytes);
        var advertisable = Advertisable(reorderedBytes);
        return IsClosedToPeer
            ? advertisable > 0
            : _peerBelievesBytes <= _targetBytes / 2 && advertisable - _peerBelievesBytes >= _targetBytes / 4;
    }

    /// <summary>Gets the window to write into a header that is about to leave.</summary>
    public uint Advertise(long reorderedBytes)
    {
        _peerBelievesBytes = (int)Advertisable(reorderedBytes);
        return (uint)_peerBelievesBytes;
    }

    private readonly long Advertisable(long reorderedBytes)
    {
        var aim = Math.Max(_peerBelievesBytes, _targetBytes - (long)_unreadBytes - reorderedBytes);
        var free = Math.Min(FreeBytes(reorderedBytes), aim);
        return free < Math.Min(MinAdvertisedBytes, _capacityBytes / 2) ? 0 : free;
    }
}
