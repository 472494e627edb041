namespace Utp.Interop.Tests.Relay;

/// <summary>Impairments of datagrams in each direction. Probabilities are from 0 to 1.</summary>
internal sealed record Impairment(string Name)
{
    public static Impairment None { get; } = new("none");

    public double Loss { get; init; }

    public double Duplication { get; init; }

    /// <summary>Share of datagrams that are overtaken by 1 to <see cref="MaxOvertaking"/> later ones.</summary>
    public double Reordering { get; init; }

    public int MaxOvertaking { get; init; } = 5;

    /// <summary>Delay of one direction.</summary>
    public TimeSpan Delay { get; init; }

    public override string ToString() => Name;
}
