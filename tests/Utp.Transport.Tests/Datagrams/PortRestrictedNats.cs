using System.Collections.Concurrent;
using System.Net;
using Utp.Protocol.Addresses;

namespace Utp.Transport.Tests.Datagrams;

/// <summary>
/// Port-restricted cone NATs of an in-process network, one for each host behind them. A host has the same outside endpoint for all destinations, and its
/// NAT lets in packets of an endpoint only after the host has sent one there.
/// </summary>
internal sealed class PortRestrictedNats
{
    private const int PortDistance = 10_000;
    private readonly ConcurrentDictionary<PeerAddress, Nat> _byInside = new();
    private readonly ConcurrentDictionary<PeerAddress, Nat> _byOutside = new();
    private int _filteredCount;

    /// <summary>Number of packets that a NAT did not let in.</summary>
    public int FilteredCount => Volatile.Read(ref _filteredCount);

    /// <summary>Puts a host behind a NAT; returns its outside endpoint.</summary>
    public IPEndPoint Hide(IPEndPoint inside)
    {
        var outside = new IPEndPoint(inside.Address, inside.Port + PortDistance);
        var nat = new Nat(PeerAddress.FromEndPoint(inside), PeerAddress.FromEndPoint(outside));
        _byInside[nat.Inside] = nat;
        _byOutside[nat.Outside] = nat;
        return outside;
    }

    /// <summary>Translates the addresses of a packet on its way; false when it does not arrive.</summary>
    public bool TryTranslate(ref PeerAddress from, ref PeerAddress to)
    {
        if (_byInside.TryGetValue(from, out var leaving))
        {
            leaving.Opened[to] = true;
            from = leaving.Outside;
        }

        if (_byOutside.TryGetValue(to, out var entering) && entering.Opened.ContainsKey(from))
        {
            to = entering.Inside;
            return true;
        }

        // An inside address is unreachable from outside, as is an outside address that was not opened for the sender.
        var isReachable = entering is null && !_byInside.ContainsKey(to);
        Interlocked.Add(ref _filteredCount, isReachable ? 0 : 1);
        return isReachable;
    }

    private sealed record Nat(PeerAddress Inside, PeerAddress Outside)
    {
        public ConcurrentDictionary<PeerAddress, bool> Opened { get; } = new();
    }
}
