using System.Net;
using System.Runtime.CompilerServices;
using Utp.Transport.Engine;
using Utp.Transport.Tests.Samples;

namespace Utp.Transport.Tests.Engine;

/// <summary>Programs that end without disposing their connections: the kernel would finish TCP, but the process itself has to finish uTP.</summary>
public sealed class ProcessEndTests
{
    private const int ByteCount = 2_000_000;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData("closed", 0)]
    [InlineData("exit", 7)]
    public async Task ProcessEnds_ConnectionWasClosed_DeliversEverything(string how, int exitCode)
    {
        await using var listener = await ListenAsync();
        await using var program = Start(listener, how);
        await using var stream = await listener.AcceptAsync().AsTask().WaitAsync(Patience);
        await program.ReadUntilAsync("ending");

        // Read only now: until here most of the bytes had to stay in the other process.
        var received = await ReadToEndAsync(stream).WaitAsync(Patience);

        Assert.Equal(ByteCount, received);
        Assert.Equal(exitCode, (await program.EndAsync()).ExitCode);
    }

    [Theory]
    [InlineData("open")]
    [InlineData("crash")]
    public async Task ProcessEnds_ConnectionWasOpen_PeerIsTold(string how)
    {
        await using var listener = await ListenAsync();
        await using var program = Start(listener, how);
        await using var stream = await listener.AcceptAsync().AsTask().WaitAsync(Patience);
        await stream.WriteAsync(new byte[1]);
        await program.ReadUntilAsync("ending");

        await Assert.ThrowsAnyAsync<IOException>(() => ReadToEndAsync(stream).WaitAsync(Patience));

        Assert.Equal(UtpCloseReason.PeerReset, stream.CloseReason);
        await program.EndAsync();
    }

    [Fact]
    public async Task LiveEngines_EngineIsDisposed_IsForgotten()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();
        Assert.True(LiveEngines.Contains(engines.ServerEngine));
        Assert.False(LiveEngines.Contains(engines.ClientEngine));

        await engines.ServerEngine.DisposeAsync();

        Assert.False(LiveEngines.Contains(engines.ServerEngine));
    }

    [Fact]
    public async Task LiveEngines_ClientIsDisposed_CanBeCollected()
    {
        await using var listener = await UtpListener.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        var client = await UseAndForgetAsync(listener);

        await EngineFixture.EventuallyAsync(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return !client.IsAlive;
            },
            "the client is collected");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> UseAndForgetAsync(UtpListener listener)
    {
        var client = new UtpClient();
        var accept = listener.AcceptAsync().AsTask();
        await using (var stream = await client.ConnectAsync(listener.LocalEndPoint).AsTask().WaitAsync(Patience))
        {
            await using var server = await accept.WaitAsync(Patience);
        }

        await client.DisposeAsync();
        return new WeakReference(client);
    }

    private static ValueTask<UtpListener> ListenAsync() =>
        UtpListener.BindAsync(new IPEndPoint(IPAddress.Loopback, 0), new UtpListenerOptions { ReceiveBufferSize = 64 * 1024 });

    private static SampleProcess Start(UtpListener listener, string how) =>
        SampleProcess.StartProgram(RepositoryPaths.Program("tests", "Utp.Endings"), listener.LocalEndPoint.ToString(), $"{ByteCount}", how);

    private static async Task<int> ReadToEndAsync(UtpStream stream)
    {
        var buffer = new byte[16 * 1024];
        var total = 0;
        while (await stream.ReadAsync(buffer) is var count and > 0)
        {
            for (var i = 0; i < count; i++)
            {
                Assert.Equal((byte)((total + i) * 31), buffer[i]);
            }

            total += count;
        }

        return total;
    }
}
