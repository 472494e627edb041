using System.Net;
using System.Security.Cryptography;
using Utp.Tool.Files;
using Utp.Tool.Tests.Harness;

namespace Utp.Tool.Tests.Files;

/// <summary>A receiver against peers that do not keep to the protocol.</summary>
public class HostileSenderTests
{
    [Theory]
    [InlineData("../escaped")]
    [InlineData("/tmp/escaped")]
    [InlineData("sub/escaped")]
    [InlineData("..\\escaped")]
    [InlineData("..")]
    [InlineData("NUL")]
    [InlineData("x\u001b[2Jx")]
    public async Task Receive_NameThatIsNoFileName_IsRefused(string name)
    {
        using var target = new TemporaryDirectory();
        await using var receiver = CommandRun.Start("receive", "-l", "0", "--bind", "127.0.0.1", "--directory", target.FullName);
        await using var client = new UtpClient();
        await using var stream = await BeginAsync(client, receiver);

        await stream.WriteAsync(new TransferHeader(name, 3, DateTime.UnixEpoch).ToBytes());

        Assert.NotNull(await TransferVerdict.ReadAsync(stream, CancellationToken.None).AsTask().WaitAsync(CommandRun.Patience));
        Assert.Equal(1, await receiver.Exit.WaitAsync(CommandRun.Patience));
        Assert.Contains("Refused", receiver.Errors.Lines[^1], StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', receiver.Errors.Lines[^1]);
        Assert.Empty(target.Names);
    }

    [Fact]
    public async Task Receive_WrongHash_StoresNothing()
    {
        using var target = new TemporaryDirectory();
        await using var receiver = CommandRun.Start("receive", "-l", "0", "--bind", "127.0.0.1", "--directory", target.FullName);
        await using var client = new UtpClient();
        await using var stream = await BeginAsync(client, receiver);

        await stream.WriteAsync(new TransferHeader("file", 3, DateTime.UnixEpoch).ToBytes());
        Assert.Null(await TransferVerdict.ReadAsync(stream, CancellationToken.None).AsTask().WaitAsync(CommandRun.Patience));
        await stream.WriteAsync("abc"u8.ToArray());
        await stream.WriteAsync(SHA256.HashData("abd"u8));

        var refusal = await TransferVerdict.ReadAsync(stream, CancellationToken.None).AsTask().WaitAsync(CommandRun.Patience);
        Assert.Contains("SHA-256", refusal, StringComparison.Ordinal);
        Assert.Equal(1, await receiver.Exit.WaitAsync(CommandRun.Patience));
        Assert.Empty(target.Names);
    }

    [Fact]
    public async Task Receive_SenderEndsInTheMiddle_StoresNothing()
    {
        using var target = new TemporaryDirectory();
        await using var receiver = CommandRun.Start("receive", "-l", "0", "--bind", "127.0.0.1", "--directory", target.FullName);
        await using var client = new UtpClient();
        var stream = await BeginAsync(client, receiver);

        await stream.WriteAsync(new TransferHeader("file", 1_000, DateTime.UnixEpoch).ToBytes());
        Assert.Null(await TransferVerdict.ReadAsync(stream, CancellationToken.None).AsTask().WaitAsync(CommandRun.Patience));
        await stream.WriteAsync(new byte[500]);
        await stream.DisposeAsync();

        Assert.Equal(1, await receiver.Exit.WaitAsync(CommandRun.Patience));
        Assert.Contains("ended the transfer before it was complete", receiver.Errors.Lines[^1], StringComparison.Ordinal);
        Assert.Empty(target.Names);
    }

    [Fact]
    public async Task Receive_NotASender_SaysSo()
    {
        using var target = new TemporaryDirectory();
        await using var receiver = CommandRun.Start("receive", "-l", "0", "--bind", "127.0.0.1", "--directory", target.FullName);
        await using var client = new UtpClient();
        await using var stream = await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, await receiver.PortAsync())).AsTask()
            .WaitAsync(CommandRun.Patience);

        await stream.WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());

        Assert.Equal(1, await receiver.Exit.WaitAsync(CommandRun.Patience));
        Assert.Contains("is not 'utp send'", receiver.Errors.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Receive_ImpossibleSize_IsRefused()
    {
        using var target = new TemporaryDirectory();
        await using var receiver = CommandRun.Start("receive", "-l", "0", "--bind", "127.0.0.1", "--directory", target.FullName);
        await using var client = new UtpClient();
        await using var stream = await BeginAsync(client, receiver);

        await stream.WriteAsync(new TransferHeader("file", long.MaxValue, DateTime.UnixEpoch).ToBytes());

        Assert.NotNull(await TransferVerdict.ReadAsync(stream, CancellationToken.None).AsTask().WaitAsync(CommandRun.Patience));
        Assert.Equal(1, await receiver.Exit.WaitAsync(CommandRun.Patience));
        Assert.Empty(target.Names);
    }

    private static async Task<UtpStream> BeginAsync(UtpClient client, CommandRun receiver)
    {
        var remote = new IPEndPoint(IPAddress.Loopback, await receiver.PortAsync());
        var stream = await client.ConnectAsync(remote).AsTask().WaitAsync(CommandRun.Patience);
        await stream.WriteAsync(TransferHeader.Preamble);
        return stream;
    }
}
