using System.Net;
using System.Net.Sockets;
using Utp.Tool.Plot;
using Utp.Tool.Tests.Harness;

namespace Utp.Tool.Tests.Relay;

/// <summary>Both kinds of relay in a row: TCP to uTP and uTP to TCP, with a plain TCP peer at each end.</summary>
public class RelayTests
{
    [Fact]
    public async Task Relays_OneSideFinishes_TheOtherGoesOn()
    {
        await using var chain = await RelayChain.CreateAsync();
        var (client, server) = await chain.ConnectAsync();

        await client.SendAsync("question"u8.ToArray());
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal("question"u8.ToArray(), await RelayChain.ReadToEndAsync(server));
        await server.SendAsync("answer"u8.ToArray());
        server.Shutdown(SocketShutdown.Send);

        Assert.Equal("answer"u8.ToArray(), await RelayChain.ReadToEndAsync(client));
        foreach (var relay in chain.Relays)
        {
            var line = await relay.Output.WaitForAsync("#1", CommandRun.Patience);
            Assert.Contains("closed, 8 B out, 6 B in", line, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Relays_OneSideResets_TheOtherIsReset(bool clientResets)
    {
        await using var chain = await RelayChain.CreateAsync();
        var (client, server) = await chain.ConnectAsync();
        await client.SendAsync(new byte[1]);
        await server.ReceiveAsync(new byte[1]).WaitAsync(CommandRun.Patience);
        var (resetting, other) = clientResets ? (client, server) : (server, client);

        resetting.LingerState = new LingerOption(enable: true, seconds: 0);
        resetting.Close();

        var error = await Assert.ThrowsAsync<SocketException>(() => other.ReceiveAsync(new byte[1]).WaitAsync(CommandRun.Patience));
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
        foreach (var relay in chain.Relays)
        {
            await relay.Output.WaitForAsync("reset (", CommandRun.Patience);
        }
    }

    [Fact]
    public async Task Relays_ReceiverTakesNothing_HoldBackTheSender()
    {
        await using var chain = await RelayChain.CreateAsync();
        var (client, server) = await chain.ConnectAsync();
        client.Blocking = false;
        var block = new byte[64 * 1024];

        // Without back-pressure this would go on to the limit: buffers of two relays, two uTP ends and four sockets are far below it.
        const long Limit = 256L * 1024 * 1024;
        var sent = await SendUntilItStallsAsync(client, block, Limit);
        Assert.InRange(sent, 1, Limit - 1);

        client.Blocking = true;
        var received = 0L;
        client.Shutdown(SocketShutdown.Send);
        int count;
        while ((count = await server.ReceiveAsync(block).WaitAsync(CommandRun.Patience)) > 0)
        {
            received += count;
        }

        Assert.Equal(sent, received);
    }

    [Fact]
    public async Task Relay_TargetRefuses_ResetsTheConnectionAndSaysSo()
    {
        // Bound, so that nobody else takes the port, and not listening.
        using var holder = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        holder.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var closedPort = ((IPEndPoint)holder.LocalEndPoint!).Port;
        await using var relay = CommandRun.Start("relay", "--listen", "tcp://127.0.0.1:0", "--connect", $"tcp://127.0.0.1:{closedPort}");
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        var port = await relay.PortAsync();

        // The reset may come before the connect has completed, which then reports it.
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            await client.ConnectAsync(IPAddress.Loopback, port);
            await client.ReceiveAsync(new byte[1]).WaitAsync(CommandRun.Patience);
        });

        await relay.Output.WaitForAsync("not connected (", CommandRun.Patience);
        Assert.False(relay.Exit.IsCompleted);
    }

    [Fact]
    public async Task Relay_Interrupted_LetsConnectionsEndByThemselves()
    {
        await using var chain = await RelayChain.CreateAsync();
        var (client, server) = await chain.ConnectAsync();

        chain.Relays[0].Interrupt();
        await chain.Relays[0].Errors.WaitForAsync("1 connection is open", CommandRun.Patience);

        await client.SendAsync("still open"u8.ToArray());
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal("still open"u8.ToArray(), await RelayChain.ReadToEndAsync(server));
        server.Shutdown(SocketShutdown.Send);
        Assert.Empty(await RelayChain.ReadToEndAsync(client));
        Assert.Equal(0, await chain.Relays[0].Exit.WaitAsync(CommandRun.Patience));
    }

    [Fact]
    public async Task Relay_InterruptedTwice_ResetsConnections()
    {
        await using var chain = await RelayChain.CreateAsync();
        var (client, _) = await chain.ConnectAsync();

        chain.Relays[0].Interrupt();
        chain.Relays[0].Interrupt();

        await Assert.ThrowsAsync<SocketException>(() => client.ReceiveAsync(new byte[1]).WaitAsync(CommandRun.Patience));
        Assert.Equal(0, await chain.Relays[0].Exit.WaitAsync(CommandRun.Patience));
    }

    /// <summary>Both sides of the first relay are uTP, and in one file.</summary>
    [Fact]
    public async Task Relay_WithATrace_HasTheConnectionsOfBothSides()
    {
        using var directory = new TemporaryDirectory();
        await using var chain = await RelayChain.CreateAsync();
        var (path, target) = (directory["relay.qlog"], await chain.Relays[1].PortAsync());
        await using var relay = CommandRun.Start("relay", "--listen", "utp://127.0.0.1:0", "--connect", $"utp://127.0.0.1:{target}", "--trace", path);
        await using var client = new UtpClient();
        await using (var stream = await client.ConnectAsync("127.0.0.1", await relay.PortAsync()))
        {
            var accepting = chain.AcceptAsync();
            await stream.WriteAsync(new byte[3_000]);
            await stream.CompleteWritesAsync();
            var server = await accepting;
            Assert.Equal(3_000, (await RelayChain.ReadToEndAsync(server)).Length);
            server.Shutdown(SocketShutdown.Send);
            Assert.Equal(0, await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(CommandRun.Patience));
        }

        await relay.Output.WaitForAsync("closed, 2.9 KiB out", CommandRun.Patience);
        relay.Interrupt();
        Assert.Equal(0, await relay.Exit.WaitAsync(CommandRun.Patience));

        var connections = TraceReader.Read(path).Connections;
        Assert.Equal([$"127.0.0.1:{target}"], connections.Where(connection => connection.BytesSent == 3_000).Select(connection => connection.Remote));
        Assert.Single(connections, connection => connection.BytesReceived == 3_000);
        Assert.Equal(2, connections.Count);
    }

    [Fact]
    public async Task RelayProcess_Signalled_EndsGracefully()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        await using var relay = ToolProcess.Start("relay", "--listen", "utp://127.0.0.1:0", "--connect", "tcp://127.0.0.1:1");
        using var output = new StreamReader(relay.Output);
        Assert.StartsWith("Listening on utp://127.0.0.1:", await output.ReadLineAsync().WaitAsync(CommandRun.Patience), StringComparison.Ordinal);

        await relay.SignalAsync("TERM");

        Assert.Equal(0, await relay.ExitAsync());
    }

    private static async Task<long> SendUntilItStallsAsync(Socket socket, byte[] block, long limit)
    {
        var sent = 0L;
        var stalledFor = 0;
        while (stalledFor < 20 && sent < limit)
        {
            try
            {
                sent += socket.Send(block);
                stalledFor = 0;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
            {
                stalledFor++;
                await Task.Delay(25);
            }
        }

        return sent;
    }
}
