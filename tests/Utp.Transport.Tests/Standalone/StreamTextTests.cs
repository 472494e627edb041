using System.Text;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Standalone;

/// <summary><see cref="StreamWriter"/> and <see cref="StreamReader"/> convert between bytes and text: UTF-8 unless they are told otherwise.</summary>
public class StreamTextTests
{
    [Fact]
    public async Task WriteAndWriteLine_NoEncodingGiven_ArriveAsUtf8()
    {
        await using var pair = await StandalonePair.CreateAsync();
        var (client, server) = await pair.ConnectAsync();

        await using (var writer = new StreamWriter(client))
        {
            await writer.WriteAsync("µTP ");
            await writer.WriteLineAsync("für alle");
        }

        Assert.Equal(Encoding.UTF8.GetBytes("µTP für alle" + Environment.NewLine), await StandalonePair.ReadToEndAsync(server));
    }

    [Fact]
    public async Task WriteAll_WithSeparator_ArrivesJoined()
    {
        await using var pair = await StandalonePair.CreateAsync();
        var (client, server) = await pair.ConnectAsync();

        await using (var writer = new StreamWriter(client))
        {
            await writer.WriteAsync(string.Join(", ", new[] { 1, 2, 3 }));
        }

        Assert.Equal("1, 2, 3"u8.ToArray(), await StandalonePair.ReadToEndAsync(server));
    }

    [Fact]
    public async Task Encoding_GivenToWriterAndReader_IsUsed()
    {
        await using var pair = await StandalonePair.CreateAsync();
        var (client, server) = await pair.ConnectAsync();
        using var copy = new MemoryStream();

        await using (var writer = new StreamWriter(client, Encoding.Latin1))
        {
            await writer.WriteAsync("für");
        }

        var bytes = await StandalonePair.ReadToEndAsync(server);
        Assert.Equal(3, bytes.Length);
        Assert.Equal("für", await new StreamReader(new MemoryStream(bytes), Encoding.Latin1).ReadToEndAsync());
    }

    [Fact]
    public async Task LinesBothWays_OverOneStream_Converse()
    {
        await using var pair = await StandalonePair.CreateAsync();
        var (client, server) = await pair.ConnectAsync();
        var serving = Task.Run(async () =>
        {
            using var requests = new StreamReader(server);
            await using var answers = new StreamWriter(server) { AutoFlush = true };
            while (await requests.ReadLineAsync() is { } line)
            {
                await answers.WriteLineAsync(line.ToUpperInvariant());
            }
        });

        using var reader = new StreamReader(client);
        await using (var writer = new StreamWriter(client, leaveOpen: true) { AutoFlush = true })
        {
            await writer.WriteLineAsync("hello");
            Assert.Equal("HELLO", await reader.ReadLineAsync().WaitAsync(StandalonePair.Patience));
            await writer.WriteLineAsync("uTP");
            Assert.Equal("UTP", await reader.ReadLineAsync().WaitAsync(StandalonePair.Patience));
        }

        await client.CompleteWritesAsync().AsTask().WaitAsync(StandalonePair.Patience);
        Assert.Null(await reader.ReadLineAsync().WaitAsync(StandalonePair.Patience));
        await serving.WaitAsync(StandalonePair.Patience);
    }
}
