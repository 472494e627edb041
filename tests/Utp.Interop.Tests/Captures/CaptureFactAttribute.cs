namespace Utp.Interop.Tests.Captures;

/// <summary>A test that needs tshark and the right to capture; skipped visibly without.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CaptureFactAttribute : FactAttribute
{
    public override string? Skip
    {
        get => PacketCapture.SkipReason;
        set => throw new NotSupportedException();
    }
}
