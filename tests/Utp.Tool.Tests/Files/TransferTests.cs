using Utp.Tool.Tests.Harness;

namespace Utp.Tool.Tests.Files;

public class TransferTests
{
    /// <summary>Far more than fits into buffers, so that its transfer has a middle.</summary>
    private const int LargeBytes = 60_000_000;

    /// <summary>Slows a transfer down.</summary>
    private static readonly string[] SmallWindow = ["--receive-buffer", "8192"];

    [Fact]
    public async Task SendAndReceive_SeveralFiles_ArriveWholeWithTheirTimes()
    {
        using var source = new TemporaryDirectory();
        using var target = new TemporaryDirectory();
        string[] files =
            [source.Create("large", 5_000_000, 1), source.Create("small.txt", 3, 2), source.Create("empty", 0, 3), source.Create("…ünïcödé", 1_000, 4)];
        var time = new DateTime(2020, 2, 3, 4, 5, 6, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(files[0], time);
        await using var receiver = Receive(target);

        var (exit, output, errors) = await SendAsync(receiver, files);

        Assert.Equal(0, exit);
        Assert.Empty(errors);
        Assert.Equal(4, output.Length);
        Assert.Contains("sent large: 4.8 MiB", output[0], StringComparison.Ordinal);
        Assert.Contains("SHA-256 verified", output[0], StringComparison.Ordinal);
        Assert.Equal(0, await receiver.Exit.WaitAsync(CommandRun.Patience));
        Assert.Equal(source.Names, target.Names);
        foreach (var name in source.Names)
        {
            Assert.Equal(File.ReadAllBytes(source[name]), File.ReadAllBytes(target[name]));
        }

        Assert.Equal(time, File.GetLastWriteTimeUtc(target["large"]));
    }

    [Fact]
    public async Task Send_NameThatExists_IsRefusedAndLeftAlone()
    {
        using var source = new TemporaryDirectory();
        using var target = new TemporaryDirectory();
        target.Create("file", 10, 1);
        var before = File.ReadAllBytes(target["file"]);
        await using var receiver = Receive(target);

        var (exit, _, errors) = await SendAsync(receiver, source.Create("file", 1_000, 2));

        Assert.Equal(1, exit);
        Assert.Contains("The receiver refused 'file': it exists already", Assert.Single(errors), StringComparison.Ordinal);
        Assert.Equal(1, await receiver.Exit.WaitAsync(CommandRun.Patience));
        Assert.Equal(before, File.ReadAllBytes(target["file"]));
        Assert.Equal(["file"], target.Names);
    }

    [Fact]
    public async Task Receive_Overwrite_ReplacesAtOnce()
    {
        using var source = new TemporaryDirectory();
        using var target = new TemporaryDirectory();
        target.Create("file", 10, 1);
        await using var receiver = Receive(target, "--overwrite");

        var (exit, _, _) = await SendAsync(receiver, source.Create("file", 1_000, 2));

        Assert.Equal(0, exit);
        Assert.Equal(File.ReadAllBytes(source["file"]), File.ReadAllBytes(target["file"]));
        Assert.Equal(["file"], target.Names);
    }

    [Fact]
    public async Task Receive_KeepListening_ServesOneSenderAfterTheOther()
    {
        using var source = new TemporaryDirectory();
        using var target = new TemporaryDirectory();
        await using var receiver = Receive(target, "--keep-listening");

        Assert.Equal(0, (await SendAsync(receiver, source.Create("first", 1_000, 1))).Exit);
        Assert.Equal(1, (await SendAsync(receiver, source["first"])).Exit);
        Assert.Equal(0, (await SendAsync(receiver, source.Create("second", 1_000, 2))).Exit);
        receiver.Interrupt();

        Assert.Equal(0, await receiver.Exit.WaitAsync(CommandRun.Patience));
        Assert.Equal(["first", "second"], target.Names);
    }

    [Fact]
    public async Task Send_SameNameTwice_IsRefusedBeforeAnythingIsSent()
    {
        using var source = new TemporaryDirectory();
        Directory.CreateDirectory(source["sub"]);

        var (exit, _, errors) = await CommandRun.RunAsync("send", source.Create("file", 1, 1), source.Create("sub/file", 1, 2), "127.0.0.1:1");

        Assert.Equal(1, exit);
        Assert.Contains("Two of the files are named 'file'", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_Interrupted_LeavesNothingBehind()
    {
        using var source = new TemporaryDirectory();
        using var target = new TemporaryDirectory();
        await using var receiver = Receive(target, SmallWindow);
        await using var sender = CommandRun.Start("send", source.Create("file", LargeBytes, 1), $"127.0.0.1:{await receiver.PortAsync()}");
        await WaitForPartialAsync(target);
        sender.Interrupt();

        Assert.Equal(130, await sender.Exit.WaitAsync(CommandRun.Patience));
        Assert.Equal(1, await receiver.Exit.WaitAsync(CommandRun.Patience));
        Assert.Empty(target.Names);
    }

    [Fact]
    public async Task SendProcess_Killed_LeavesNoWrongFile()
    {
        using var source = new TemporaryDirectory();
        using var target = new TemporaryDirectory();
        await using var receiver = Receive(target, [.. SmallWindow, "--idle-timeout", "5"]);
        await using var sender = ToolProcess.Start(
            "send", source.Create("first", 100_000, 1), source.Create("second", LargeBytes, 2), $"127.0.0.1:{await receiver.PortAsync()}");
        await WaitForPartialAsync(target, alongside: "first");

        sender.Kill();

        Assert.Equal(1, await receiver.Exit.WaitAsync(CommandRun.Patience));
        Assert.Equal(["first"], target.Names);
        Assert.Equal(File.ReadAllBytes(source["first"]), File.ReadAllBytes(target["first"]));
    }

    [Fact]
    public async Task ReceiveProcess_Killed_LeavesNoWrongFile()
    {
        using var source = new TemporaryDirectory();
        using var target = new TemporaryDirectory();
        await using var receiver = ToolProcess.Start(["receive", "-l", "0", "--bind", "127.0.0.1", "--directory", target.FullName, .. SmallWindow]);
        await using var sender = CommandRun.Start(
            "send", source.Create("first", 100_000, 1), source.Create("second", LargeBytes, 2), $"127.0.0.1:{await receiver.PortAsync()}", "--idle-timeout",
                "5");
        await WaitForPartialAsync(target, alongside: "first");

        receiver.Kill();

        Assert.Equal(1, await sender.Exit.WaitAsync(CommandRun.Patience));
        Assert.Equal(File.ReadAllBytes(source["first"]), File.ReadAllBytes(target["first"]));
        Assert.DoesNotContain("second", target.Names);
        Assert.All(target.Names.Except(["first"]), name => Assert.EndsWith(".utp-partial", name, StringComparison.Ordinal));
    }

    private static CommandRun Receive(TemporaryDirectory target, params string[] more) =>
        CommandRun.Start(["receive", "-l", "0", "--bind", "127.0.0.1", "--directory", target.FullName, .. more]);

    private static async Task<(int Exit, string[] Output, string[] Errors)> SendAsync(CommandRun receiver, params string[] files) =>
        await CommandRun.RunAsync(["send", .. files, $"127.0.0.1:{await receiver.PortAsync()}"]);

    /// <summary>Until the middle of a file: a partial file with bytes in it.</summary>
    private static async Task WaitForPartialAsync(TemporaryDirectory target, string? alongside = null)
    {
        using var limit = new CancellationTokenSource(CommandRun.Patience);
        while (!target.Names.Any(name => name.EndsWith(".utp-partial", StringComparison.Ordinal))
            || (alongside is not null && !target.Names.Contains(alongside)))
        {
            await Task.Delay(1, limit.Token);
        }
    }
}
