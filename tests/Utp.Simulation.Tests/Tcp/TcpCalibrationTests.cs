using Utp.Simulation.Probes;
using Utp.Simulation.Scenarios;
using Utp.Simulation.Tcp;
using Utp.Simulation.Tests.Catalogue;

namespace Utp.Simulation.Tests.Tcp;

/// <summary>
/// The competitors against those of a Linux 6.18 kernel, alone under the common base: 20 Mbit/s, 40 ms, 200 ms of buffer.
/// A contest counts only if its contestants are right.
/// </summary>
public class TcpCalibrationTests
{
    [Theory]
    [InlineData("Cubic", 18.98, 171)]
    [InlineData("Reno", 19.1, 143)]
    public void Tcp_Alone_FillsTheLinkAsTheKernelDoes(string variant, double goodputMbit, double medianQueueMs)
    {
        using var lab = Solo(variant, out var series);

        Assert.InRange(series.GoodputMbit(0, 60), goodputMbit * 0.98, goodputMbit * 1.02);
        Assert.InRange(lab.Probe.QueueMs(10, 60).P50, medianQueueMs - 10, medianQueueMs + 10);
    }

    /// <summary>
    /// As read from the kernel: slow start ends near 150 segments, loss comes near 400, and the window stays flat around 340 before it
    /// grows again.
    /// </summary>
    [Fact]
    public void Cubic_Alone_HasTheKernelsWindow()
    {
        using var lab = Solo("Cubic", out var series);

        var windows = series.Samples.Select(sample => sample.WindowBytes / TcpSender.SegmentBytes).ToList();
        Assert.InRange(windows[Probe.IndexAt(1)], 130, 180);
        Assert.InRange(windows.Take(Probe.IndexAt(6)).Max(), 380, 420);
        Assert.InRange(windows.Skip(Probe.IndexAt(12)).Take(Probe.IndexAt(3)).Average(), 330, 350);
    }

    /// <summary>Reno overshoots in slow start and is then cut to half of what the path holds: 199 segments, as in the kernel.</summary>
    [Fact]
    public void Reno_Alone_HasTheKernelsWindow()
    {
        using var lab = Solo("Reno", out var series);

        var windows = series.Samples.Select(sample => sample.WindowBytes / TcpSender.SegmentBytes).ToList();
        Assert.InRange(windows[Probe.IndexAt(2)], 195, 210);
        Assert.InRange(windows[Probe.IndexAt(12)], 265, 280);
    }

    [Theory]
    [InlineData("Cubic")]
    [InlineData("Reno")]
    public void Tcp_OfOneSeed_RunsTheSameTwice(string variant)
    {
        using var first = Solo(variant, out _);
        using var second = Solo(variant, out _);

        Assert.Equal(first.Run.Trace.Current(), second.Run.Trace.Current());
    }

    /// <summary>Between half of what the square-root law predicts (which knows no timeouts) and a little more.</summary>
    [Theory]
    [InlineData(0.001)]
    [InlineData(0.01)]
    [InlineData(0.03)]
    public void Reno_UnderRandomLoss_FollowsTheSquareRootLaw(double loss)
    {
        using var lab = new Dumbbell(1, new DumbbellSettings { Impairments = new() { Name = "forward", LossProbability = loss } });
        var (_, series) = lab.AddTcp(TcpVariant.Reno, 0);
        lab.RunUntil(120);

        // Segments per round trip: sqrt(3 / (2 b p)), with an acknowledgement for every b = 2 segments; growth here counts bytes, so b = 1.
        var predicted = Math.Sqrt(1.5 / loss) * TcpSender.SegmentBytes * 8 / 0.04 / 1e6;
        Assert.InRange(series.GoodputMbit(5, 120), 0.5 * predicted, 1.1 * predicted);
    }

    private static Dumbbell Solo(string variant, out FlowSeries series)
    {
        var lab = new Dumbbell(1, new DumbbellSettings());
        series = lab.AddTcp(Enum.Parse<TcpVariant>(variant), 0).Series;
        lab.RunUntil(60);
        return lab;
    }
}
