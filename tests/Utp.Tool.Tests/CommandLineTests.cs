using Utp.Tool.Tests.Harness;

namespace Utp.Tool.Tests;

public class CommandLineTests
{
    [Theory]
    [InlineData("nothing", "'nothing' is not a command.")]
    [InlineData("cat", "Give either HOST and PORT")]
    [InlineData("cat 127.0.0.1", "Give either HOST and PORT")]
    [InlineData("cat 127.0.0.1:0", "names no port to connect to")]
    [InlineData("cat 127.0.0.1:5000 --bind 127.0.0.1", "Give either HOST and PORT")]
    [InlineData("cat 127.0.0.1 5000 -l 5000", "Give either HOST and PORT")]
    [InlineData("cat 127.0.0.1 5000 --bind 127.0.0.1", "Give either HOST and PORT")]
    [InlineData("cat --loud 127.0.0.1 5000", "'--loud' is not an option.")]
    [InlineData("cat 127.0.0.1 70000", "70000 is not a port.")]
    [InlineData("cat 127.0.0.1 port", "port")]
    [InlineData("cat 127.0.0.1 5000 --congestion vegas", "--congestion is 'vegas'. Expected one of LedbatPlusPlus, Ledbat, Cubic.")]
    [InlineData("cat 127.0.0.1 5000 --target-delay 1", "--target-delay is 1. Expected 5 to 100.")]
    [InlineData("cat 127.0.0.1 5000 --receive-buffer 1", "--receive-buffer is 1. Expected 8192 to 1073741824.")]
    [InlineData("relay --listen tcp://127.0.0.1:0", "--connect")]
    [InlineData("relay --listen http://127.0.0.1:0 --connect tcp://127.0.0.1:1", "Expected utp://HOST:PORT or tcp://HOST:PORT.")]
    [InlineData("relay --listen tcp://127.0.0.1:0 --connect tcp://127.0.0.1:0", "names no port to connect to")]
    [InlineData("send file", "Give at least one FILE, and HOST:PORT last.")]
    [InlineData("send file nowhere", "'nowhere' is not an address.")]
    [InlineData("receive", "--listen")]
    [InlineData("bench", "Give either --listen ADDRESS:PORT or --connect HOST:PORT.")]
    [InlineData("bench --connect 127.0.0.1:1 --mode fly", "--mode is 'fly'. Expected send, receive, echo or connect.")]
    [InlineData("bench --connect 127.0.0.1:1 --bytes 1 --seconds 1", "not both")]
    [InlineData("bench --connect 127.0.0.1:1 --bytes 0", "--bytes is 0.")]
    [InlineData("bench --connect 127.0.0.1:1 --seconds -1", "--seconds is -1.")]
    [InlineData("bench --connect 127.0.0.1:1 --streams 0", "--streams is 0. Expected 1 to 10000.")]
    [InlineData("bench --connect 127.0.0.1:1 --transport quic", "--transport is 'quic'. Expected utp or tcp.")]
    [InlineData("bench --connect 127.0.0.1:1 --transport tcp --trace x.qlog", "--trace records uTP")]
    [InlineData("relay --listen tcp://127.0.0.1:0 --connect tcp://127.0.0.1:1 --trace x.qlog", "--trace records uTP")]
    [InlineData("plot", "--output")]
    [InlineData("plot x.qlog", "--output")]
    [InlineData("plot -o x.svg", "argument missing")]
    [InlineData("plot x.qlog -o x.png", "--output is 'x.png'. Expected a name that ends in .svg.")]
    [InlineData("plot x.qlog -o x", "--output is 'x'. Expected a name that ends in .svg.")]
    [InlineData("plot x.qlog -o x.svg --size 10", "--size is '10'. Expected WIDTHxHEIGHT, each from 300 to 10000.")]
    [InlineData("plot x.qlog -o x.svg --from 5 --to 4", "--from 5 is not before --to 4.")]
    public async Task Run_BadUsage_SaysItInOneLineAndReturns2(string commandLine, string expected)
    {
        var (exit, output, errors) = await CommandRun.RunAsync(commandLine.Split(' '));

        Assert.Equal(2, exit);
        Assert.Empty(output);
        var line = Assert.Single(errors);
        Assert.StartsWith("utp: ", line, StringComparison.Ordinal);
        Assert.Contains(expected, line, StringComparison.Ordinal);
        Assert.EndsWith("--help'.", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help", "bench")]
    [InlineData("cat --help", "--listen")]
    [InlineData("bench --help", "--message-size")]
    [InlineData("bench --help", "LedbatPlusPlus, Ledbat, Cubic")]
    [InlineData("bench --help", "--trace")]
    [InlineData("relay --help", "--trace")]
    [InlineData("send --help", "--trace")]
    [InlineData("plot --help", "--connection")]
    public async Task Run_Help_PrintsItAndReturns0(string commandLine, string expected)
    {
        var (exit, output, errors) = await CommandRun.RunAsync(commandLine.Split(' '));

        Assert.Equal(0, exit);
        Assert.Contains(output, line => line.Contains(expected, StringComparison.Ordinal));
        Assert.Empty(errors);
    }

    [Theory]
    [InlineData("send /no/such/file 127.0.0.1:1", "There is no file '/no/such/file'.")]
    [InlineData("send / 127.0.0.1:1", "'/' is a directory.")]
    [InlineData("receive -l 0 --directory /no/such/directory", "There is no directory '/no/such/directory'.")]
    [InlineData("plot /no/such/trace.qlog -o x.svg", "There is no file '/no/such/trace.qlog'.")]
    [InlineData("plot / -o x.svg", "'/' is a directory, not a trace.")]
    [InlineData("bench --connect 127.0.0.1:1 --trace /no/such/directory/x.qlog", "The trace cannot be written to '/no/such/directory/x.qlog'")]
    [InlineData("relay --listen utp://127.0.0.1:0 --connect tcp://127.0.0.1:1 --trace /no/such/directory/x.qlog",
        "The trace cannot be written to '/no/such/directory/x.qlog'")]
    public async Task Run_SomethingMissing_SaysItInOneLineAndReturns1(string commandLine, string expected)
    {
        var (exit, _, errors) = await CommandRun.RunAsync(commandLine.Split(' '));

        Assert.Equal(1, exit);
        Assert.Contains(expected, Assert.Single(errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cat", "-l", "{0}", "--bind", "127.0.0.1")]
    [InlineData("receive", "-l", "{0}", "--bind", "127.0.0.1")]
    [InlineData("bench", "--listen", "127.0.0.1:{0}")]
    [InlineData("relay", "--listen", "utp://127.0.0.1:{0}", "--connect", "tcp://127.0.0.1:1")]
    public async Task Run_PortInUse_SaysItInOneLineAndReturns1(params string[] args)
    {
        await using var taken = await UtpListener.BindAsync(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        var port = taken.LocalEndPoint.Port;

        var (exit, _, errors) =
            await CommandRun.RunAsync(Array.ConvertAll(args, arg => string.Format(System.Globalization.CultureInfo.InvariantCulture, arg, port)));

        Assert.Equal(1, exit);
        Assert.Contains($"127.0.0.1:{port}", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_NobodyAnswers_SaysItInOneLineAndReturns1()
    {
        using var silent = new System.Net.Sockets.UdpClient(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        var port = ((System.Net.IPEndPoint)silent.Client.LocalEndPoint!).Port;

        var (exit, _, errors) = await CommandRun.RunAsync("cat", "127.0.0.1", $"{port}", "--connect-timeout", "1");

        Assert.Equal(1, exit);
        Assert.Contains("no answer", Assert.Single(errors), StringComparison.Ordinal);
    }
}
