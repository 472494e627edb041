namespace Utp.Transport.Tests.Datagrams.Linux;

/// <summary>A fact about Linux, skipped elsewhere.</summary>
public sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute() => Skip = OperatingSystem.IsLinux() ? null : "It needs Linux.";
}
