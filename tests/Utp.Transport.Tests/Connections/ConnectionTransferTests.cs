using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Connections;

public sealed class ConnectionTransferTests
{
    [Fact]
    public async Task Connection_OneMessageEachWay_Arrives()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();

        await client.Transport.Output.WriteAsync("question"u8.ToArray());
        var question = await server.Transport.Input.ReadAtLeastAsync(8).AsTask().WaitAsync(EngineFixture.Patience);
        Assert.Equal("question", Encoding.ASCII.GetString(question.Buffer));
        server.Transport.Input.AdvanceTo(question.Buffer.End);
        await server.Transport.Output.WriteAsync("answer"u8.ToArray());
        var answer = await client.Transport.Input.ReadAtLeastAsync(6).AsTask().WaitAsync(EngineFixture.Patience);
        Assert.Equal("answer", Encoding.ASCII.GetString(answer.Buffer));
        client.Transport.Input.AdvanceTo(answer.Buffer.End);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }
}
