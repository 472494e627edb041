using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Utp.Transport.Diagnostics;
using Utp.Transport.Diagnostics.Tracing;

namespace Utp.Transport.Tests.Hosting;

/// <summary>The instruments follow OpenTelemetry's rules for names, and docs/metrics.md lists them.</summary>
public sealed class MetricsDocumentTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "metrics.md"));

    [Fact]
    public void Document_ListsEveryInstrumentWithItsKindAndUnit()
    {
        var documented = Regex.Matches(Text, @"^\| `(utp\.[\w.]+)` \| ([\w -]+) \| `([^`]+)` \|", RegexOptions.Multiline)
            .Select(match => (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value));

        Assert.Equal(Instruments().Select(instrument => (instrument.Name, KindOf(instrument), instrument.Unit!)).Order(), documented.Order());
    }

    [Fact]
    public void Document_ListsEveryErrorType()
    {
        var reasons = Enum.GetValues<UtpCloseReason>().Where(reason => reason is not (UtpCloseReason.None or UtpCloseReason.Graceful));

        Assert.All(reasons, reason => Assert.Contains($"`{CloseReasonNames.Of(reason)}`", Text, StringComparison.Ordinal));
    }

    [Fact]
    public void Names_FollowTheRulesOfOpenTelemetry()
    {
        var names = Instruments().Select(instrument => instrument.Name).ToList();

        Assert.All(names, name =>
        {
            Assert.Matches(@"^utp(\.[a-z][a-z0-9]*(_[a-z0-9]+)*)+$", name);
            Assert.DoesNotMatch(@"total|_bytes|_seconds|_milliseconds", name);

            // No name is a namespace of another.
            Assert.DoesNotContain(names, other => other.StartsWith(name + ".", StringComparison.Ordinal));
        });
    }

    [Fact]
    public void Meter_HasTheVersionOfTheLibrary()
    {
        Assert.Matches(@"^\d+\.\d+\.\d+", LibraryVersion.Text);
        Assert.All(Instruments(), instrument => Assert.Equal(LibraryVersion.Text, instrument.Meter.Version));
    }

    private static string KindOf(Instrument instrument) => instrument.GetType().Name.Split('`')[0] switch
    {
        "Counter" or "ObservableCounter" => "counter",
        "UpDownCounter" or "ObservableUpDownCounter" => "up-down counter",
        "Histogram" => "histogram",
        var other => other,
    };

    private static List<Instrument> Instruments()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        var instruments = new List<Instrument>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == UtpMetrics.MeterName && ReferenceEquals(instrument.Meter.Scope, factory))
                {
                    instruments.Add(instrument);
                }
            },
        };
        listener.Start();
        using var metrics = new UtpMetrics(factory);
        return instruments;
    }
}
