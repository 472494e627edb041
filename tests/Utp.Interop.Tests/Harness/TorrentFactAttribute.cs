using Utp.Interop.Tests.Peers;

namespace Utp.Interop.Tests.Harness;

/// <summary>A test that needs libtorrent; skipped visibly, with the command to install it, where it cannot run.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TorrentFactAttribute : FactAttribute
{
    public override string? Skip
    {
        get => LongTests.SkipReason(isLong: true) ?? DebianPeers.SkipReason(needsTransmission: false);
        set => throw new NotSupportedException();
    }
}
