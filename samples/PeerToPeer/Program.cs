using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Utp.Transport;

// Two peers, each with one UDP port, at which it accepts and from which it connects and pings. With --once the program does not wait for Enter.
using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
using var certificate = new CertificateRequest("CN=peer", key, HashAlgorithmName.SHA256)
    .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddYears(1));
await using var alice = await StartAsync();
await using var bob = await StartAsync();

// 100 connections each way at the same time, and a ping for each.
var links = await Task.WhenAll(Enumerable.Range(0, 100).SelectMany(_ => (Task<SslStream>[])[OpenAsync(alice, bob), OpenAsync(bob, alice)]));
await Task.WhenAll(links.Select(ExchangeAsync));
foreach (var s in new[] { alice.Statistics, bob.Statistics })
{
    Console.WriteLine($"{s.ConnectionCount} connections, {s.BytesReceived} bytes in {s.PacketsReceived} packets received, "
        + $"{s.NonUtpDatagramsReceived} pings and answers, {s.SegmentsRetransmitted} segments retransmitted");
}

_ = args.Contains("--once") ? null : Console.ReadLine();
await Task.WhenAll(links.Select(async link => await link.DisposeAsync()));

async Task<UtpSocket> StartAsync()
{
    var limits = new UtpSocketOptions { MaxConnections = 500, MaxPendingConnects = 50 };
    var socket = await UtpSocket.BindAsync(new IPEndPoint(IPAddress.Loopback, 0), limits);
    socket.NonUtpDatagramHandler = new PingHandler(socket);
    _ = AnswerAsync(socket);
    return socket;
}

async Task AnswerAsync(UtpSocket socket)
{
    await foreach (var stream in socket.AcceptAllAsync())
    {
        _ = EchoAsync(new SslStream(stream));
    }
}

async Task EchoAsync(SslStream tls)
{
    await tls.AuthenticateAsServerAsync(certificate);
    await tls.CopyToAsync(tls);
    await tls.DisposeAsync();
}

async Task<SslStream> OpenAsync(UtpSocket from, UtpSocket to)
{
    from.TrySend(to.LocalEndPoint, "ping"u8);
    var tls = new SslStream(await from.ConnectAsync(to.LocalEndPoint), leaveInnerStreamOpen: false, (_, shown, _, _) => certificate.Equals(shown));
    await tls.AuthenticateAsClientAsync("peer");
    return tls;
}

async Task ExchangeAsync(SslStream tls)
{
    var sent = RandomNumberGenerator.GetBytes(10_000);
    var received = new byte[sent.Length];
    await tls.WriteAsync(sent);
    await tls.ReadExactlyAsync(received);
    Environment.ExitCode |= sent.SequenceEqual(received) ? 0 : 1;
}

internal sealed class PingHandler(UtpSocket socket) : INonUtpDatagramHandler
{
    public void OnDatagram(IPEndPoint local, IPEndPoint remote, ReadOnlySpan<byte> datagram) =>
        _ = datagram.SequenceEqual("ping"u8) && socket.TrySend(local, remote, "pong"u8);
}
