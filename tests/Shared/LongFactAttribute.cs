namespace Utp.Tests;

/// <summary>A test that takes minutes: runs only with the environment variable UTP_LONG_TESTS=1, and is otherwise skipped visibly.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LongFactAttribute : FactAttribute
{
    public LongFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("UTP_LONG_TESTS") != "1")
        {
            Skip = "Takes minutes; set UTP_LONG_TESTS=1 to run it.";
        }
    }
}
