namespace Utp.Consumers.Tests;

/// <summary>What a consumer runs over: uTP, and TCP as the baseline.</summary>
public enum Wire
{
    Utp,
    Tcp,
}
