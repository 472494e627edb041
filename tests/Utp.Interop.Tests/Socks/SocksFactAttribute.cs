namespace Utp.Interop.Tests.Socks;

/// <summary>A test that needs a SOCKS5 proxy; skipped visibly without.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SocksFactAttribute : FactAttribute
{
    public override string? Skip
    {
        get => DanteProxy.SkipReason;
        set => throw new NotSupportedException();
    }
}
