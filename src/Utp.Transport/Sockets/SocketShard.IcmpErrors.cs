using Utp.Protocol.Wire;
using Utp.Transport.Datagrams;

namespace Utp.Transport.Sockets;

/// <content>ICMP errors. Any shard of the local endpoint may receive them.</content>
internal sealed partial class SocketShard
{
    private readonly ForwardedIcmpErrors _forwarded = new();

    /// <summary>Bit i is set if shard i was given an ICMP error and has had no turn since. There are at most 64 shards.</summary>
    private ulong _shardsWithIcmpErrors;

    private void HandleIcmpError(in IcmpError icmpError, ReadOnlySpan<byte> quotation)
    {
        var shard = _group.ShardOf(icmpError.Remote);
        if (shard == this)
        {
            _core.HandleUnreachable(_clock.Now, icmpError.Remote, icmpError.IsRefusal, quotation, icmpError.IsFromPeersHost);
            return;
        }

        shard._forwarded.Add(icmpError, quotation);
        _shardsWithIcmpErrors |= 1UL << shard.Index;
    }

    /// <summary>Runs the shards that were given ICMP errors. After the turn, because one shard's turn does not run within another's.</summary>
    private void RunShardsWithIcmpErrors()
    {
        for (var i = 0; _shardsWithIcmpErrors != 0; i++, _shardsWithIcmpErrors >>= 1)
        {
            if ((_shardsWithIcmpErrors & 1) != 0)
            {
                _group.Shards[i].TryRun();
            }
        }
    }

    private void HandleForwardedIcmpErrors()
    {
        Span<byte> quotation = stackalloc byte[PacketHeader.Size];
        while (_forwarded.TryTake(out var icmpError, quotation))
        {
            _core.HandleUnreachable(_clock.Now, icmpError.Remote, icmpError.IsRefusal, quotation, icmpError.IsFromPeersHost);
        }
    }
}
