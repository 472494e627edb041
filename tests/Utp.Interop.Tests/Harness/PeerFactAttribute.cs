using Utp.Interop.Tests.Peers;

namespace Utp.Interop.Tests.Harness;

/// <summary>A test that needs libutp; skipped visibly, with the command to install it, where it cannot run.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PeerFactAttribute : FactAttribute
{
    /// <summary>Whether the test takes long, and so runs only when the environment variable UTP_LONG_TESTS is 1.</summary>
    public bool IsLong { get; set; }

    public override string? Skip
    {
        get => LongTests.SkipReason(IsLong) ?? NodePeer.SkipReason;
        set => throw new NotSupportedException();
    }
}
