namespace Utp.Interop.Tests.Harness;

/// <summary>The switch for tests that take long, and for full sizes in those that are quick with smaller ones.</summary>
internal static class LongTests
{
    private const string Variable = "UTP_LONG_TESTS";

    public static bool AreEnabled { get; } = Environment.GetEnvironmentVariable(Variable) == "1";

    /// <summary>The maximum time of one transfer.</summary>
    public static TimeSpan TransferPatience { get; } = AreEnabled ? TimeSpan.FromMinutes(30) : TimeSpan.FromSeconds(90);

    public static string? SkipReason(bool isLong) =>
        isLong && !AreEnabled ? $"Runs only with {Variable}=1, because it takes long or has failed by chance." : null;
}
