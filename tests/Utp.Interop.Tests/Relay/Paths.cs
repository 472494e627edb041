namespace Utp.Interop.Tests.Relay;

/// <summary>The paths of the matrix, by the names that tests and docs/interop.md use.</summary>
internal static class Paths
{
    public const string Clean = "clean";
    public const string Loss2 = "2 % loss";
    public const string Loss5 = "5 % loss";
    public const string Reordering = "3 % reordering";
    public const string Duplication = "3 % duplication";
    public const string Delay = "20 ms each way";
    public const string Hostile = "2 % loss, reordering, duplication";

    public static IReadOnlyList<string> All { get; } = [Clean, Loss2, Loss5, Reordering, Duplication, Delay, Hostile];

    public static Impairment Of(string name) => name switch
    {
        Clean => Impairment.None,
        Loss2 => new Impairment(name) { Loss = 0.02 },
        Loss5 => new Impairment(name) { Loss = 0.05 },
        Reordering => new Impairment(name) { Reordering = 0.03 },
        Duplication => new Impairment(name) { Duplication = 0.03 },
        Delay => new Impairment(name) { Delay = TimeSpan.FromMilliseconds(20) },
        Hostile => new Impairment(name) { Loss = 0.02, Reordering = 0.02, Duplication = 0.02 },
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such path."),
    };
}
