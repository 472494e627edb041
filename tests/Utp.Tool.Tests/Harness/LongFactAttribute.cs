namespace Utp.Tool.Tests.Harness;

/// <summary>A test that takes long, run with UTP_LONG_TESTS=1.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LongFactAttribute : FactAttribute
{
    public LongFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("UTP_LONG_TESTS") != "1")
        {
            Skip = "A long test. Set UTP_LONG_TESTS=1 to run it.";
        }
    }
}
