using System.Reflection;
using Utp.Transport.Engine;
using Utp.Transport.Options;

namespace Utp.Transport.Tests.Options;

/// <summary>docs/limits.md against the code of the engine and the defaults of the options.</summary>
public sealed class LimitsTests
{
    private static readonly Assembly Transport = typeof(UtpEngine).Assembly;

    [Fact]
    public void EveryRow_StatesTheValueOfTheCode()
    {
        Assert.True(LimitsTable.RowsOf(Transport).Count >= 45, "docs/limits.md has lost rows of the engine, or their form has changed.");
        Breaches.AssertNone(LimitsTable.Differences(Transport));
    }

    [Fact]
    public void EveryConstantThatIsABound_IsInTheDocument() => Breaches.AssertNone(LimitsTable.Missing(Transport));

    [Fact]
    public void EveryNumberAmongTheOptions_HasARow()
    {
        // A delay to steer to is no bound.
        string[] exceptions = [nameof(UtpConnectionOptions.TargetDelay)];
        var rows = LimitsTable.RowsOf(Transport).Select(row => row.Member);
        var options = OptionKeys.Transport.Select(key => key.Name).Concat(OptionKeys.Client.Select(key => key.Name))
            .Where(name => IsNumber((typeof(UtpTransportOptions).GetProperty(name) ?? typeof(UtpClientOptions).GetProperty(name))!.PropertyType));

        Assert.Empty(options.Except(rows).Except(exceptions));
    }

    private static bool IsNumber(Type type) => (Nullable.GetUnderlyingType(type) ?? type) is var plain && (plain == typeof(int) || plain == typeof(TimeSpan));
}
