using Utp.Interop.Tests.Peers;

namespace Utp.Interop.Tests.Harness;

/// <summary>A test with several sets of data that needs libtorrent, and perhaps Transmission.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TorrentTheoryAttribute : TheoryAttribute
{
    /// <summary>Whether the test needs Transmission too.</summary>
    public bool NeedsTransmission { get; set; }

    public override string? Skip
    {
        get => LongTests.SkipReason(isLong: true) ?? DebianPeers.SkipReason(NeedsTransmission);
        set => throw new NotSupportedException();
    }
}
