using System.Net;

namespace Utp.Transport.Tests.Standalone;

/// <summary>A listener and a client on loopback, created as their users do, and connections between them.</summary>
internal sealed class StandalonePair : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private StandalonePair(UtpListener listener, UtpClient client)
    {
        Listener = listener;
        Client = client;
    }

    public UtpListener Listener { get; }

    public UtpClient Client { get; }

    public static async Task<StandalonePair> CreateAsync(UtpClientOptions? client = null, UtpListenerOptions? server = null, IPAddress? address = null,
        UtpTransportOptions? transport = null) => new(
        await UtpListener.BindAsync(new IPEndPoint(address ?? IPAddress.Loopback, 0), server),
        new UtpClient(client, transport is null ? null : new UtpEngineOptions { Transport = transport }));

    public async Task<(UtpStream Client, UtpStream Server)> ConnectAsync()
    {
        var accept = Listener.AcceptAsync().AsTask();
        var stream = await Client.ConnectAsync(Listener.LocalEndPoint).AsTask().WaitAsync(Patience);
        return (stream, await accept.WaitAsync(Patience));
    }

    /// <summary>Reads everything up to the end of the stream.</summary>
    public static async Task<byte[]> ReadToEndAsync(Stream stream)
    {
        using var all = new MemoryStream();
        await stream.CopyToAsync(all).WaitAsync(Patience);
        return all.ToArray();
    }

    public async ValueTask DisposeAsync() =>
        await Task.WhenAll(Client.DisposeAsync().AsTask(), Listener.DisposeAsync().AsTask()).WaitAsync(Patience);
}
