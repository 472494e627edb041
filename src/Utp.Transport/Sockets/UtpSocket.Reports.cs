using Utp.Protocol.Wire;
using Utp.Transport.Datagrams;

namespace Utp.Transport.Sockets;

/// <content>Reports of the network, which may come to any shard of the local endpoint.</content>
internal sealed partial class UtpSocket
{
    private readonly ForwardedReports _forwarded = new();

    /// <summary>Bit i: shard i was given a report that its receiver does not know of. There are 64 shards at most.</summary>
    private ulong _nudged;

    private void HandleReport(in UnreachableReport report, ReadOnlySpan<byte> quotation)
    {
        var shard = _group.ShardOf(report.Remote);
        if (shard == this)
        {
            _core.HandleUnreachable(_clock.Now, report.Remote, report.IsRefusal, quotation, report.IsFromPeersHost);
            return;
        }

        shard._forwarded.Add(report, quotation);
        _nudged |= 1UL << shard.Index;
    }

    /// <summary>Runs the shards that were given reports. After the turn: one shard's turn does not run within another's.</summary>
    private void RunNudged()
    {
        for (var i = 0; _nudged != 0; i++, _nudged >>= 1)
        {
            if ((_nudged & 1) != 0)
            {
                _group.Shards[i].TryRun();
            }
        }
    }

    private void HandleForwardedReports()
    {
        Span<byte> quotation = stackalloc byte[PacketHeader.Size];
        while (_forwarded.TryTake(out var report, quotation))
        {
            _core.HandleUnreachable(_clock.Now, report.Remote, report.IsRefusal, quotation, report.IsFromPeersHost);
        }
    }
}
