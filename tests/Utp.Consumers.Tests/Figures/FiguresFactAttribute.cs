namespace Utp.Consumers.Tests.Figures;

/// <summary>A measurement: runs only with the environment variable UTP_FIGURES=1, and is otherwise skipped visibly.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FiguresFactAttribute : FactAttribute
{
    public FiguresFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("UTP_FIGURES") != "1")
        {
            Skip = "Measures for minutes; set UTP_FIGURES=1 to run it.";
        }
    }
}
