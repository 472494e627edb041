using System.Net;
using Utp.Interop.Tests.Peers;

namespace Utp.Interop.Tests.Swarms;

/// <summary>Checks that the peers of a swarm had no connections but those through the relay.</summary>
internal static class SwarmAssert
{
    /// <summary>The dialling peer has had one connection with each of these relays, and no other.</summary>
    public static async Task HasDialledAsync(LibtorrentPeer peer, bool isEncrypted, params StreamRelay[] relays)
    {
        var connections = await peer.GetConnectionsAsync();
        Assert.Equal(Sorted(relays.Select(relay => relay.EndPoint)), Sorted(connections.Select(connection => connection.Remote)));
        AssertKind(connections, isEncrypted);
        Assert.All(relays.SelectMany(relay => relay.Streams), stream => Assert.Equal(!isEncrypted, stream.IsPlain));
    }

    /// <summary>The dialled peer has had the connections of this relay, and no other.</summary>
    public static async Task WasDialledByAsync(StreamRelay relay, LibtorrentPeer peer, bool isEncrypted)
    {
        var connections = await peer.GetConnectionsAsync();
        Assert.Equal(Sorted(relay.Streams.Select(stream => stream.Local)), Sorted(connections.Select(connection => connection.Remote)));
        AssertKind(connections, isEncrypted);
    }

    /// <summary>Transmission, which does not tell the port that a connection comes from, has a connection from the relay's address and no other.</summary>
    public static async Task WasDialledByAsync(StreamRelay relay, TransmissionPeer peer, bool isEncrypted)
    {
        var connections = await peer.GetConnectionsAsync();
        Assert.Equal([relay.Streams.Single().Local.Address], connections.Select(connection => connection.Remote.Address));
        AssertKind(connections, isEncrypted);
    }

    private static void AssertKind(IReadOnlyList<TorrentConnection> connections, bool isEncrypted) =>
        Assert.All(connections, connection => Assert.Equal((true, isEncrypted), (connection.IsUtp, connection.IsEncrypted)));

    private static IEnumerable<string> Sorted(IEnumerable<IPEndPoint> endPoints) =>
        endPoints.Select(endPoint => endPoint.ToString()).Order(StringComparer.Ordinal);
}
