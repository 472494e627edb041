using Utp.Protocol.Sending;
using Utp.Protocol.Time;

namespace Utp.Protocol.Tests.Sending;

public sealed class PathMtuSearchTests
{
    /// <summary>Nothing is won by knowing the size to the byte.</summary>
    private const int Precision = 16;

    [Theory]
    [InlineData(true, 1_472)]
    [InlineData(false, 1_452)]
    [InlineData(true, 8_972)]
    [InlineData(true, 1_300)]
    public void Search_EveryPathBetweenBaseAndCeiling_ConvergesInFewProbes(bool isIPv4, int ceiling)
    {
        var start = isIPv4 ? PathMtuSearch.BaseIPv4 : PathMtuSearch.BaseIPv6;
        for (var path = start; path <= ceiling; path++)
        {
            var search = new PathMtuSearch(isIPv4, isLoopback: false, ceiling);
            Assert.Equal(start, search.CurrentBytes);

            var probes = Run(ref search, path, new(1));

            Assert.InRange(search.CurrentBytes, Math.Max(start, path - Precision + 1), path);
            Assert.InRange(probes, path == start && start == ceiling ? 0 : 1, 2 * (2 + (int)Math.Log2(ceiling - start)));
        }
    }

    /// <summary>A numbered segment is sent again whole, so none may be larger than what every path carries, unless somebody asks for it.</summary>
    [Theory]
    [InlineData(true, 1_252)]
    [InlineData(false, 1_232)]
    public void Search_WithoutAConfiguredCeiling_StaysAtWhatEveryPathCarries(bool isIPv4, int expected)
    {
        var search = new PathMtuSearch(isIPv4, isLoopback: false, configuredCeilingBytes: 0);

        Assert.Equal((expected, 0), (search.CurrentBytes, search.NextProbeBytes(Instant.FromSeconds(10_000))));
        search.OnTimeout();
        Assert.Equal((expected, 0), (search.CurrentBytes, search.NextProbeBytes(Instant.FromSeconds(10_000))));
    }

    [Theory]
    [InlineData(true, 0, 1_472, 0)]
    [InlineData(false, 0, 1_452, 0)]
    [InlineData(true, 65_507, 1_472, 65_507)]
    [InlineData(true, 1_000, 1_000, 0)]
    public void Search_OnLoopback_StartsWithAnEthernetPacket(bool isIPv4, int ceiling, int expected, int nextProbe)
    {
        var search = new PathMtuSearch(isIPv4, isLoopback: true, ceiling);

        Assert.Equal((expected, expected, nextProbe), (search.CurrentBytes, search.BaseBytes, search.NextProbeBytes(new(1))));
    }

    /// <summary>Somebody has made the loopback interface narrow: the system says so, and the search goes on from what every path carries.</summary>
    [Theory]
    [InlineData(true, PathMtuSearch.BaseIPv4)]
    [InlineData(false, PathMtuSearch.BaseIPv6)]
    public void MessageTooLong_OnLoopback_GoesOnFromWhatEveryPathCarries(bool isIPv4, int safe)
    {
        var search = new PathMtuSearch(isIPv4, isLoopback: true, configuredCeilingBytes: 0);

        search.OnMessageTooLong(search.CurrentBytes, new(1));

        Assert.Equal((safe, safe), (search.CurrentBytes, search.BaseBytes));
        Run(ref search, 1_400, new(1));
        Assert.InRange(search.CurrentBytes, 1_400 - Precision + 1, 1_400);
    }

    [Fact]
    public void Search_OfACeilingBelowTheBase_SendsNoLargerAndProbesNothing()
    {
        var search = new PathMtuSearch(isIPv4: true, isLoopback: false, 1_000);

        Assert.Equal((1_000, 0), (search.CurrentBytes, search.NextProbeBytes(new(1))));
    }

    [Fact]
    public void Search_OneProbeLostByChance_TriesTheSameSizeAgain()
    {
        var search = new PathMtuSearch(isIPv4: true, isLoopback: false, 1_472);
        search.OnProbeSent(1_472);
        Assert.Equal(0, search.NextProbeBytes(new(1)));

        search.OnProbeLost(new(1));

        Assert.Equal(1_472, search.NextProbeBytes(new(1)));
    }

    [Fact]
    public void Timeout_AfterThePathShrank_FindsEverySmallerSize()
    {
        for (var path = PathMtuSearch.BaseIPv4; path < PathMtuSearch.EthernetIPv4; path++)
        {
            var search = new PathMtuSearch(isIPv4: true, isLoopback: false, 1_472);
            Run(ref search, PathMtuSearch.EthernetIPv4, new(1));
            Assert.Equal(PathMtuSearch.EthernetIPv4, search.CurrentBytes);

            search.OnTimeout();

            Assert.Equal(PathMtuSearch.BaseIPv4, search.CurrentBytes);
            Run(ref search, path, new(2));
            Assert.InRange(search.CurrentBytes, path - Precision + 1, path);
        }
    }

    /// <summary>RFC 8899's error state: IPv4 paths may be narrower than 1,280 bytes, IPv6 paths not.</summary>
    [Fact]
    public void RepeatedTimeout_OnANarrowPath_FindsItsSize_AndAWiderOneLater()
    {
        for (var path = PathMtuSearch.MinBytes; path < PathMtuSearch.BaseIPv4; path += 7)
        {
            var search = new PathMtuSearch(isIPv4: true, isLoopback: false, 1_472);

            search.OnRepeatedTimeout();

            Assert.Equal((PathMtuSearch.MinBytes, PathMtuSearch.MinBytes), (search.CurrentBytes, search.BaseBytes));
            Run(ref search, path, new(1));
            Assert.InRange(search.CurrentBytes, Math.Max(PathMtuSearch.MinBytes, path - Precision + 1), path);
            Run(ref search, PathMtuSearch.EthernetIPv4, Instant.FromSeconds(700));
            Assert.Equal((PathMtuSearch.EthernetIPv4, PathMtuSearch.BaseIPv4), (search.CurrentBytes, search.BaseBytes));
        }

        var ipv6 = new PathMtuSearch(isIPv4: false, isLoopback: false, 1_452);
        ipv6.OnRepeatedTimeout();
        Assert.Equal(PathMtuSearch.BaseIPv6, ipv6.CurrentBytes);
    }

    [Fact]
    public void TenMinutesLater_AWiderPathIsFound()
    {
        var search = new PathMtuSearch(isIPv4: true, isLoopback: false, 1_472);
        Run(ref search, 1_300, new(1));
        Assert.Equal(0, search.NextProbeBytes(Instant.FromSeconds(599)));

        Run(ref search, 1_472, Instant.FromSeconds(601));

        Assert.Equal(1_472, search.CurrentBytes);
    }

    [Theory]
    [InlineData(1_472)]
    [InlineData(1_253)]
    [InlineData(1_252)]
    [InlineData(600)]
    public void MessageTooLong_StaysBelowTheRefusedSize(int refused)
    {
        var search = new PathMtuSearch(isIPv4: true, isLoopback: false, 1_472);

        search.OnMessageTooLong(refused, new(1));
        Run(ref search, refused - 1, new(1));

        Assert.InRange(search.CurrentBytes, PathMtuSearch.MinBytes, refused - 1);
        Assert.True(search.CurrentBytes >= Math.Min(refused - Precision, PathMtuSearch.BaseIPv4));
    }

    /// <summary>Probes until nothing is left to try, losing those that are too long for the path.</summary>
    private static int Run(ref PathMtuSearch search, int pathBytes, Instant now)
    {
        for (var probes = 0; ; probes++)
        {
            Assert.True(probes < 100, $"no end at {search.CurrentBytes} on a path of {pathBytes}");
            var size = search.NextProbeBytes(now);
            if (size == 0)
            {
                return probes;
            }

            Assert.True(size > search.CurrentBytes);
            search.OnProbeSent(size);
            if (size <= pathBytes)
            {
                search.OnProbeAcknowledged(now);
            }
            else
            {
                search.OnProbeLost(now);
            }
        }
    }
}
