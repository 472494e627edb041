namespace Utp.Interop.Tests.Harness;

/// <summary>Who sends the SYN.</summary>
public enum Dialler
{
    WeDial,
    TheyDial,
}
