using System.Net.Security;
using System.Security.Cryptography;

namespace Utp.Consumers.Tests.Streams;

/// <summary>SslStream over the stream of a connection, as client and as server.</summary>
public sealed class SslStreamTests
{
    [Theory]
    [InlineData(Wire.Utp)]
    [InlineData(Wire.Tcp)]
    public async Task Tls_BetweenTwoStreams_CarriesBothDirectionsAtOnce(Wire wire)
    {
        await using var pair = await StreamPair.ConnectAsync(wire);
        var (client, server) = await AuthenticateAsync(pair);
        await using var disposeClient = client;
        await using var disposeServer = server;

        var up = TransferAsync(client, server, seed: 3);
        var down = TransferAsync(server, client, seed: 4);

        await Task.WhenAll(up, down).WaitAsync(WebServer.Patience);
        Assert.True(client.IsMutuallyAuthenticated && server.IsMutuallyAuthenticated);
    }

    [Theory]
    [InlineData(Wire.Utp)]
    [InlineData(Wire.Tcp)]
    public async Task Shutdown_OfOneSide_IsTheEndOfTheStreamOfTheOther(Wire wire)
    {
        await using var pair = await StreamPair.ConnectAsync(wire);
        await using var client = new SslStream(pair.Client, leaveInnerStreamOpen: false, (_, certificate, _, _) => certificate is not null);
        await using var server = new SslStream(pair.Server);
        await Task.WhenAll(
            client.AuthenticateAsClientAsync("localhost"), server.AuthenticateAsServerAsync(Certificates.Server)).WaitAsync(WebServer.Patience);

        await client.WriteAsync(new byte[10]);
        await client.ShutdownAsync();
        var received = new byte[10];
        await server.ReadExactlyAsync(received).AsTask().WaitAsync(WebServer.Patience);

        Assert.Equal(0, await server.ReadAsync(received).AsTask().WaitAsync(WebServer.Patience));
    }

    internal static async Task<(SslStream Client, SslStream Server)> AuthenticateAsync(StreamPair pair)
    {
        var (client, server) = (new SslStream(pair.Client), new SslStream(pair.Server));
        await Task.WhenAll(
            client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                AllowTlsResume = false, // a resumed session does not ask for the client's certificate again
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == Certificates.Server.GetCertHashString(),
                ClientCertificates = [Certificates.Client],
            }),
            server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificate = Certificates.Server,
                ClientCertificateRequired = true,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == Certificates.Client.GetCertHashString(),
            })).WaitAsync(WebServer.Patience);
        return (client, server);
    }

    private static async Task TransferAsync(Stream from, Stream to, int seed)
    {
        var sent = new byte[4_000_000];
        new Random(seed).NextBytes(sent);
        var received = new byte[sent.Length];
        var reading = to.ReadExactlyAsync(received).AsTask();
        await from.WriteAsync(sent);
        await from.FlushAsync();
        await reading;
        Assert.Equal(SHA256.HashData(sent), SHA256.HashData(received));
    }
}
