namespace Utp.Transport.Tests.Datagrams.Linux;

/// <summary>A theory about Linux, skipped elsewhere.</summary>
public sealed class LinuxTheoryAttribute : TheoryAttribute
{
    public LinuxTheoryAttribute() => Skip = OperatingSystem.IsLinux() ? null : "It needs Linux.";
}
