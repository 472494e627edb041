using System.Xml.Linq;
using Utp.Tool.Plot;
using Utp.Tool.Tests.Harness;

namespace Utp.Tool.Tests.Plot;

/// <summary>From traces to figures, and what is said of files that are none.</summary>
public sealed class PlotTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Bench_WithATrace_CanBePlotted()
    {
        await using var server = CommandRun.Start("bench", "--listen", "127.0.0.1:0", "--trace", _directory["server.qlog"]);
        var port = await server.PortAsync();
        var (exit, _, errors) =
            await CommandRun.RunAsync("bench", "--connect", $"127.0.0.1:{port}", "--bytes", "3000000", "--trace", _directory["client.qlog"]);
        Assert.Equal((0, 0), (exit, errors.Length));
        server.Interrupt();
        await server.Exit.WaitAsync(CommandRun.Patience);

        var (plotted, output, complaints) =
            await CommandRun.RunAsync("plot", _directory["client.qlog"], _directory["server.qlog"], "-o", _directory["both.svg"]);

        Assert.Empty(complaints);
        Assert.Equal(0, plotted);
        Assert.Contains("client", Assert.Single(output), StringComparison.Ordinal);
        AssertIsSvg(_directory["both.svg"], "1200", "900", points: 2);
        var client = Assert.Single(TraceReader.Read(_directory["client.qlog"]).Connections);
        Assert.InRange(client.BytesSent, 3_000_000, 3_001_000);
    }

    [Fact]
    public async Task Svg_IsWellFormedAndNamesTheFlowsAndUnits()
    {
        var trace = new TraceText("two of them").AddFlow("alpha").AddFlow("beta", from: 1).Save(_directory["x.qlog"]);

        var (exit, output, _) = await CommandRun.RunAsync("plot", trace, "-o", _directory["x.svg"], "--size", "800x600", "--title", "Side by side");

        Assert.Equal(0, exit);
        Assert.EndsWith("x.svg: alpha, beta", Assert.Single(output), StringComparison.Ordinal);
        var svg = AssertIsSvg(_directory["x.svg"], "800", "600");
        var texts = svg.Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value.Trim()).ToList();
        Assert.Contains("Side by side", texts);
        Assert.Contains("alpha", texts);
        Assert.Contains("beta", texts);
        Assert.Contains("Congestion window (KiB)", texts);
        Assert.Contains("Delay (ms)", texts);
        Assert.Contains("Rate (Mbit/s)", texts);
        Assert.Contains("Time (s)", texts);
        Assert.Contains("target 60 ms", texts);
    }

    [Fact]
    public async Task Svg_OfAPartOfOneConnection_IsWritten()
    {
        var trace = new TraceText().AddFlow("alpha").AddFlow("beta").Save(_directory["x.qlog"]);

        var (exit, output, _) = await CommandRun.RunAsync("plot", trace, "-o", _directory["x.svg"], "--connection", "beta", "--from", "0.5", "--to", "1.5");

        Assert.Equal(0, exit);
        Assert.EndsWith("x.svg: beta", Assert.Single(output), StringComparison.Ordinal);
        AssertIsSvg(_directory["x.svg"], "1200", "900");
        Assert.Equal(["x.qlog", "x.svg"], _directory.Names);
    }

    [Fact]
    public async Task Svg_OfTextThatXmlCannotContain_IsWellFormed()
    {
        var trace = new TraceText().AddFlow("alpha").Save(_directory["x.qlog"]);

        var (exit, _, _) = await CommandRun.RunAsync("plot", trace, "-o", _directory["x.svg"], "--title", "a\u0001<b>\u001b&c");

        Assert.Equal(0, exit);
        Assert.Contains("a<b>&c", AssertIsSvg(_directory["x.svg"], "1200", "900").Value, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is not a trace")]
    [InlineData("hello\n", "is not a trace")]
    [InlineData("{\"time\":1}\n", "is not a trace")]
    public async Task File_ThatIsNoTrace_IsRefused(string text, string expected)
    {
        File.WriteAllText(_directory["x.txt"], text);

        var (exit, _, errors) = await CommandRun.RunAsync("plot", _directory["x.txt"], "-o", _directory["x.svg"]);

        Assert.Equal(1, exit);
        Assert.Contains(expected, Assert.Single(errors), StringComparison.Ordinal);
        Assert.Equal(["x.txt"], _directory.Names);
    }

    [Fact]
    public async Task Trace_WithoutConnections_IsRefused()
    {
        var (exit, _, errors) = await CommandRun.RunAsync("plot", new TraceText().Save(_directory["x.qlog"]), "-o", _directory["x.svg"]);

        Assert.Equal(1, exit);
        Assert.Contains("There is nothing to draw", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownConnection_IsRefusedWithTheKnownOnes()
    {
        var trace = new TraceText().AddFlow("alpha").AddFlow("beta").Save(_directory["x.qlog"]);

        var (exit, _, errors) = await CommandRun.RunAsync("plot", trace, "-o", _directory["x.svg"], "-c", "gamma");

        Assert.Equal(1, exit);
        Assert.Contains("There is no connection 'gamma'. The connections are alpha, beta.", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Reader_LastLineCutOff_TakesTheRest()
    {
        var path = new TraceText().AddFlow("alpha").AddLine("{\"time\":3000,\"name\":\"recov").Save(_directory["x.qlog"]);

        var connection = Assert.Single(TraceReader.Read(path).Connections);

        Assert.Equal(100, connection.Samples.Count, 1.0);
        Assert.Equal((1, 1), (connection.Losses.Count, connection.Timeouts.Count));
    }

    [Fact]
    public void Reader_LineInTheMiddleDamaged_NamesIt()
    {
        var path = new TraceText().AddLine("{\"time").AddFlow("alpha").Save(_directory["x.qlog"]);

        Assert.Contains("line 2 is not JSON", Assert.Throws<ToolException>(() => TraceReader.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Selection_LeavesOutWhatCarriesNextToNothing()
    {
        var trace = TraceReader.Read(new TraceText().AddFlow("bulk").AddFlow("control", megabytesPerSecond: 0.001).Save(_directory["x.qlog"]));

        Assert.Equal(["bulk"], new FlowSelection([trace], isByClock: false).Select([]).Select(flow => flow.Name));
        Assert.Equal(["control"], new FlowSelection([trace], isByClock: false).Select(["control"]).Select(flow => flow.Name));
    }

    [Fact]
    public void Traces_OfOneTime_AreSideBySide()
    {
        var early = TraceReader.Read(new TraceText(wallClock: "2026-01-01T00:00:00Z").AddFlow("a", to: 5).Save(_directory["early.qlog"]));
        var late = TraceReader.Read(new TraceText(wallClock: "2026-01-01T00:00:02Z").AddFlow("a", to: 5).Save(_directory["late.qlog"]));
        var other = TraceReader.Read(new TraceText(wallClock: "2026-01-02T00:00:00Z").AddFlow("a", to: 5).Save(_directory["other.qlog"]));

        Assert.True(FlowSelection.Overlap([early, late]));
        Assert.False(FlowSelection.Overlap([early, other]));
        var flows = new FlowSelection([early, late], isByClock: true).Select([]);
        Assert.Equal([("early", 0.0), ("late", 2.0)], flows.Select(flow => (flow.Name, flow.OffsetSeconds)));
    }

    [Fact]
    public void Rate_OfASteadyCounter_IsItsSlope()
    {
        var counter = Enumerable.Range(0, 500).Select(i => (X: i * 0.02, Bytes: i * 20_000.0)).ToList();

        var (_, rates) = Series.Rate(counter, 10);

        Assert.All(rates, rate => Assert.Equal(8, rate, 1e-6));
    }

    [Fact]
    public void Thin_KeepsThePeaks()
    {
        var points = Enumerable.Range(0, 100_000).Select(i => (X: i * 0.001, Y: i == 54_321 ? 99.0 : i % 7)).ToList();

        var (x, y) = Series.Thin(points);

        Assert.InRange(x.Length, 1_000, 2_010);
        Assert.Contains(99.0, y);
        Assert.Equal(x.Order(), x);
    }

    /// <summary>Also that a line of it has so many points. A trace of a short transfer has few.</summary>
    private static XElement AssertIsSvg(string path, string width, string height, int points = 20)
    {
        var svg = XDocument.Load(path).Root!;
        Assert.Equal(("svg", width, height), (svg.Name.LocalName, svg.Attribute("width")!.Value, svg.Attribute("height")!.Value));
        Assert.Contains(svg.Descendants(), element => element.Name.LocalName == "polyline" && element.Attribute("points")!.Value.Split(' ').Length >= points);
        return svg;
    }
}
