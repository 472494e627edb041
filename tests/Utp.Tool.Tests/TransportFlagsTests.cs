using System.CommandLine;
using Utp.Tool.Tests.Harness;

namespace Utp.Tool.Tests;

public class TransportFlagsTests
{
    [Fact]
    public void Read_NothingGiven_TakesTheTransportsDefaults()
    {
        var options = Read("");
        var defaults = new UtpTransportOptions();

        Assert.Equal(defaults.ReceiveBufferSize, options.ReceiveBufferSize);
        Assert.Equal(defaults.SendBufferSize, options.SendBufferSize);
        Assert.Equal(defaults.KernelReceiveBufferSize, options.KernelReceiveBufferSize);
        Assert.Equal(defaults.CongestionControl, options.CongestionControl);
        Assert.Equal(defaults.TargetDelay, options.TargetDelay);
        Assert.Equal(defaults.MtuCeiling, options.MtuCeiling);
        Assert.Equal(defaults.DatagramOffload, options.DatagramOffload);
        Assert.Equal(defaults.ConnectTimeout, options.ConnectTimeout);
        Assert.Equal(defaults.IdleTimeout, options.IdleTimeout);
        Assert.Equal(defaults.KeepAliveInterval, options.KeepAliveInterval);
    }

    [Fact]
    public void Read_AllGiven_SetsTheOptions()
    {
        var options = Read(
            "--congestion ledbat --target-delay 25 --receive-buffer 100000 --send-buffer 200000 --kernel-buffer 300000 --mtu-ceiling 9000 "
            + "--offload portable --connect-timeout 3 --idle-timeout 30");

        Assert.Equal(UtpCongestionControl.Ledbat, options.CongestionControl);
        Assert.Equal(TimeSpan.FromMilliseconds(25), options.TargetDelay);
        Assert.Equal(100_000, options.ReceiveBufferSize);
        Assert.Equal(200_000, options.SendBufferSize);
        Assert.Equal(300_000, options.KernelReceiveBufferSize);
        Assert.Equal(300_000, options.KernelSendBufferSize);
        Assert.Equal(9_000, options.MtuCeiling);
        Assert.Equal(UtpDatagramOffload.Portable, options.DatagramOffload);
        Assert.Equal(TimeSpan.FromSeconds(3), options.ConnectTimeout);
        Assert.Equal(TimeSpan.FromSeconds(30), options.IdleTimeout);

        // Three keepalives in the silence that is allowed.
        Assert.Equal(TimeSpan.FromSeconds(10), options.KeepAliveInterval);
    }

    [Theory]
    [InlineData("ledbatplusplus", UtpCongestionControl.LedbatPlusPlus)]
    [InlineData("ledbat", UtpCongestionControl.Ledbat)]
    [InlineData("cubic", UtpCongestionControl.Cubic)]
    public void Read_CongestionInLowerCase_IsKnown(string name, UtpCongestionControl algorithm) =>
        Assert.Equal(algorithm, Read($"--congestion {name}").CongestionControl);

    [Fact]
    public void Read_Trace_IsTheFile()
    {
        using var directory = new Harness.TemporaryDirectory();

        Assert.Equal(directory["x.qlog"], Read($"--trace {directory["x.qlog"]}").TracePath);
        Assert.Null(Read("").TracePath);
    }

    [Theory]
    [MemberData(nameof(CongestionNames))]
    public void Read_EachCongestionName_IsKnown(string name) =>
        Assert.Equal(name, Read($"--congestion {name}").CongestionControl.ToString());

    public static TheoryData<string> CongestionNames() => new(Enum.GetNames<UtpCongestionControl>());

    private static UtpTransportOptions Read(string arguments)
    {
        var command = new RootCommand();
        var flags = TransportFlags.AddTo(command);
        var parsed = command.Parse(arguments);
        Assert.Empty(parsed.Errors);
        return flags.Read(parsed, closeOnPeerFinish: true);
    }
}
