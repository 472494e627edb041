using Utp.Protocol.Addresses;

namespace Utp.Transport.Datagrams.Sharding;

/// <summary>
/// Selects the shard of a local endpoint for the datagrams of a peer, as a pure function of the peer's address and port. The kernel computes the
/// same (<see cref="ShardProgram"/>), so that a connection starts on the shard that will get the answers.
/// </summary>
internal static class ShardSelector
{
    // Odd factors lose no information: the golden ratio of 2^32 separates neighbouring ports and addresses, and one round of a finalizer like
    // MurmurHash3's makes every bit count for the remainder. An attacker can choose ports to crowd one shard; the limits of a socket also limit
    // that.
    public const uint PortFactor = 0x9E37_79B1;
    public const uint Factor = 0x85EB_CA6B;
    public const int FirstShift = 15;
    public const int SecondShift = 16;

    /// <param name="remote">IPv4 or IPv6. The scope does not count, because no datagram carries it.</param>
    /// <param name="count">Number of shards, at least 1.</param>
    /// <returns>The index of the shard, from 0 to count - 1.</returns>
    public static int Select(in PeerAddress remote, int count)
    {
        // A socket for both families receives IPv4 in IPv4 packets.
        var address = remote.IsIPv4
            ? remote.IPv4
            : (uint)(remote.High >> 32) ^ (uint)remote.High ^ (uint)(remote.Low >> 32) ^ (uint)remote.Low;
        var hash = (remote.Port * PortFactor) ^ address;
        hash = (hash ^ (hash >> FirstShift)) * Factor;
        hash ^= hash >> SecondShift;
        return (int)(hash % (uint)count);
    }
}
