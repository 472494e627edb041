using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Utp.Transport.Datagrams;
using static Utp.Transport.Tests.Datagrams.ChannelFixture;

namespace Utp.Transport.Tests.Datagrams;

/// <summary>Choosing a channel, and the log messages about the choice.</summary>
public sealed class DatagramChannelFactoryTests
{
    [Fact]
    public void Create_AnyMode_LogsChannelAndBuffersAtDebug()
    {
        var logger = new FakeLogger();
        using var channel = Open(UtpDatagramOffload.Portable, logger: logger);

        var record = Assert.Single(logger.Collector.GetSnapshot(), record => record.Id.Id == 1000);
        Assert.Equal(LogLevel.Debug, record.Level);
        Assert.Contains("portable", record.Message, StringComparison.Ordinal);
        Assert.Contains(channel.LocalEndPoint.ToString(), record.Message, StringComparison.Ordinal);
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public void Create_Auto_TakesTheBestThatWorks(UtpDatagramOffload offload)
    {
        using var best = Open(offload);
        using var chosen = Open(UtpDatagramOffload.Auto);

        Assert.Equal("offload", best.Name);
        Assert.Equal(best.Name, chosen.Name);
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    public void Create_ExplicitMode_TakesThatOne(UtpDatagramOffload offload)
    {
        using var channel = Open(offload);

        Assert.Equal(offload == UtpDatagramOffload.Portable ? "portable" : "mmsg", channel.Name);
    }

    [Fact]
    public void Create_ModeThatCannotBeHad_NamesKeyValueAndReason()
    {
        var lacking = OperatingSystem.IsLinux() ? (UtpDatagramOffload)99 : UtpDatagramOffload.Segmentation;

        var exception = Assert.Throws<InvalidOperationException>(() => Open(lacking));

        Assert.Contains($"Utp:Transport:DatagramOffload is '{lacking}'", exception.Message, StringComparison.Ordinal);
        Assert.Contains(OperatingSystem.IsLinux() ? "no such mode" : "needs Linux", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, true, "segmentation", 0)]
    [InlineData(false, true, "batching", 1)]
    [InlineData(false, false, "portable", 2)]
    public void Choose_Auto_FallsBackFromOneToTheNext(bool hasSegmentation, bool hasBatching, string expected, int reasonCount)
    {
        var logger = new FakeLogger();

        Assert.Equal(expected, Choose(UtpDatagramOffload.Auto, hasSegmentation, hasBatching, logger));

        var reasons = logger.Collector.GetSnapshot();
        Assert.Equal(reasonCount, reasons.Count);
        Assert.All(reasons, record => Assert.Contains("old kernel", record.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Choose_ExplicitMode_NeverFallsBack()
    {
        var exception = Assert.Throws<InvalidOperationException>(() => Choose(UtpDatagramOffload.Segmentation, false, true, new FakeLogger()));
        Assert.Contains("Utp:Transport:DatagramOffload is 'Segmentation'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("old kernel", exception.Message, StringComparison.Ordinal);

        Assert.Throws<InvalidOperationException>(() => Choose(UtpDatagramOffload.Batching, true, false, new FakeLogger()));
        Assert.Equal("batching", Choose(UtpDatagramOffload.Batching, true, true, new FakeLogger()));
        Assert.Equal("portable", Choose(UtpDatagramOffload.Portable, true, true, new FakeLogger()));
    }

    [Fact]
    public void Create_SmallBufferAsked_ReportsWhatWasAsked()
    {
        // The system doubles the size for its bookkeeping; the channel must not report that part as room for datagrams.
        using var channel = DatagramChannelFactory.Create(
            new IPEndPoint(IPAddress.Loopback, 0),
            new UtpTransportOptions { KernelReceiveBufferSize = 128 * 1024, KernelSendBufferSize = 64 * 1024 },
            Clock,
            new FakeLogger());

        Assert.Equal(128 * 1024, channel.ReceiveBufferBytes);
        Assert.Equal(64 * 1024, channel.SendBufferBytes);
    }

    [Fact]
    public void Create_AddressOfAnotherMachine_Throws()
    {
        var logger = new FakeLogger();

        Assert.Throws<System.Net.Sockets.SocketException>(() => Open(UtpDatagramOffload.Auto, IPAddress.Parse("192.0.2.1"), logger));
        Assert.Empty(logger.Collector.GetSnapshot());
    }

    [Fact]
    public void KernelBufferNotice_GrantedLess_WarnsOncePerLimitWithTheRemedy()
    {
        var logger = new FakeLogger();
        var notice = new KernelBufferNotice();

        notice.Report(logger, grantedBytes: 212_992, wantedBytes: 4_194_304);
        notice.Report(logger, grantedBytes: 212_992, wantedBytes: 4_194_304);
        notice.Report(logger, grantedBytes: 4_194_304, wantedBytes: 4_194_304);
        notice.Report(logger, grantedBytes: 0, wantedBytes: 4_194_304);

        var record = Assert.Single(logger.Collector.GetSnapshot());
        Assert.Equal(1001, record.Id.Id);
        Assert.Equal(LogLevel.Warning, record.Level);
        Assert.Contains("212992", record.Message, StringComparison.Ordinal);
        Assert.Contains("Utp:Transport:KernelReceiveBufferSize", record.Message, StringComparison.Ordinal);
        if (OperatingSystem.IsLinux())
        {
            Assert.Contains("sysctl -w net.core.rmem_max=4194304", record.Message, StringComparison.Ordinal);
        }

        notice.Report(logger, grantedBytes: 425_984, wantedBytes: 4_194_304);
        Assert.Equal(2, logger.Collector.Count);
    }

    /// <summary>Chooses a channel on a system that supports the given kinds; returns its name.</summary>
    private static string Choose(UtpDatagramOffload mode, bool hasSegmentation, bool hasBatching, FakeLogger logger)
    {
        var network = new InProcessDatagramNetwork(seed: 1, LinkImpairments.None);
        var kinds = new Dictionary<IDatagramChannel, string>();
        var chosen = DatagramChannelFactory.Choose(
            mode,
            (out string reason) => Make("segmentation", hasSegmentation, out reason),
            (out string reason) => Make("batching", hasBatching, out reason),
            () => Make("portable", available: true, out _)!,
            logger);
        Assert.Single(kinds);
        return kinds[chosen];

        IDatagramChannel? Make(string kind, bool available, out string reason)
        {
            reason = "old kernel";
            if (!available)
            {
                return null;
            }

            var channel = network.Open();
            kinds.Add(channel, kind);
            return channel;
        }
    }
}
