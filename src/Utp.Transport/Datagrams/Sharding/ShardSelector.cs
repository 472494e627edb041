using Utp.Protocol.Addresses;

namespace Utp.Transport.Datagrams.Sharding;

/// <summary>
/// Which shard of a local endpoint a peer's datagrams go to: a pure function of the peer's address and port. The kernel computes the same
/// (<see cref="ShardProgram"/>), so that a connection that starts here starts on the shard that will get the answers.
/// </summary>
internal static class ShardSelector
{
    // Odd factors lose nothing: the golden ratio of 2^32 parts neighbouring ports from neighbouring addresses, and one round of a finalizer
    // like MurmurHash3's lets every bit count for the remainder. Who chooses ports to crowd one shard succeeds: what limits a socket limits that.
    public const uint PortFactor = 0x9E37_79B1;
    public const uint Factor = 0x85EB_CA6B;
    public const int FirstShift = 15;
    public const int SecondShift = 16;

    /// <param name="remote">IPv4 or IPv6; the scope does not count, since no datagram carries it.</param>
    /// <param name="count">Shards, at least 1.</param>
    /// <returns>From 0 to count - 1.</returns>
    public static int Select(in PeerAddress remote, int count)
    {
        // A socket for both families gets IPv4 in packets of IPv4.
        var address = remote.IsIPv4
            ? remote.IPv4
            : (uint)(remote.High >> 32) ^ (uint)remote.High ^ (uint)(remote.Low >> 32) ^ (uint)remote.Low;
        var hash = (remote.Port * PortFactor) ^ address;
        hash = (hash ^ (hash >> FirstShift)) * Factor;
        hash ^= hash >> SecondShift;
        return (int)(hash % (uint)count);
    }
}
