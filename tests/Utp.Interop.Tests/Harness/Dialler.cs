namespace Utp.Interop.Tests.Harness;

/// <summary>The side that sends the SYN.</summary>
public enum Dialler
{
    WeDial,
    TheyDial,
}
