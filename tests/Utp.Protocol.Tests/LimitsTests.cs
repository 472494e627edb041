using System.Reflection;
using Utp.Protocol.Sockets;

namespace Utp.Protocol.Tests;

/// <summary>docs/limits.md against the code of the core.</summary>
public sealed class LimitsTests
{
    private static readonly Assembly Core = typeof(SocketCore).Assembly;

    [Fact]
    public void EveryRow_StatesTheValueOfTheCode()
    {
        Assert.True(LimitsTable.RowsOf(Core).Count >= 35, "docs/limits.md has lost rows of the core, or their form has changed.");
        Breaches.AssertNone(LimitsTable.Differences(Core));
    }

    [Fact]
    public void EveryConstantThatIsABound_IsInTheDocument() => Breaches.AssertNone(LimitsTable.Missing(Core));

    [Fact]
    public void EverySettingOfASocket_HasARow()
    {
        var rows = LimitsTable.RowsOf(Core).Where(row => row.Type == nameof(SocketSettings)).Select(row => row.Member);
        var settings = typeof(SocketSettings).GetProperties().Where(p => p.PropertyType.IsPrimitive).Select(p => p.Name);

        Assert.Empty(settings.Except(rows));
    }
}
