using System.Globalization;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Utp.Transport;

namespace HttpOverUtp;

/// <summary>Files, bytes and time of a transfer.</summary>
internal sealed record Transfer(int Files, long Bytes, TimeSpan Time)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Files,4} {(Files == 1 ? "file, " : "files,")} {Bytes / 1e6,7:F1} MB in {Time.TotalSeconds,6:F2} s = "
            + $"{Bytes / 1e6 / Math.Max(Time.TotalSeconds, 1e-6),6:F0} MB/s");
}

/// <summary>Where a server listens: uTP, and what Kestrel reports beside it, which is TCP.</summary>
internal static class ListeningAddresses
{
    public static IEnumerable<string> Utp(IServiceProvider services) =>
        services.GetRequiredService<IUtpServerAddresses>().EndPoints.Select(endPoint => endPoint.ToUriString());

    public static IEnumerable<string> Tcp(IServiceProvider services)
    {
        // Kestrel lists uTP endpoints too, as http://host:port.
        var utp = services.GetRequiredService<IUtpServerAddresses>().EndPoints.Select(endPoint => endPoint.ToString()).ToHashSet();
        return services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses.Where(address => !utp.Contains(new Uri(address).Authority));
    }
}

/// <summary>The report of <c>--once</c>.</summary>
internal static class RoundTripReport
{
    public static void Write(IServiceProvider services, SharedFolder folder, Transfer download, Transfer upload,
        IReadOnlyList<UtpConnectionStatistics> connections)
    {
        var busiest = connections[0];
        var (sent, resent) = (connections.Sum(c => c.SegmentsSent), connections.Sum(c => c.SegmentsRetransmitted));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            HTTP over uTP: every file arrived as it is on disk
              folder           {folder.Root}
              listening uTP    {string.Join(", ", ListeningAddresses.Utp(services))}
              listening TCP    {string.Join(", ", ListeningAddresses.Tcp(services))}
              downloaded       {download}
              uploaded         {upload}
              verified         {download.Files + upload.Files} SHA-256 hashes
              connections      {connections.Count} (measured by the server; the busiest:)
              round trip       {busiest.RoundTripTime.TotalMilliseconds:F2} ms, smallest {busiest.MinimumRoundTripTime.TotalMilliseconds:F2} ms
              queueing delay   {busiest.QueueingDelay.TotalMilliseconds:F2} ms
              window           {busiest.CongestionWindowBytes / 1024.0:F0} KiB, path MTU {busiest.PathMtuBytes} bytes
              packets          {sent} sent, {resent} of them retransmissions, {connections.Sum(c => c.RetransmissionTimeouts)} timeouts
            """));
    }
}

/// <summary>What a server that keeps running says.</summary>
internal static class ServingReport
{
    public static void Write(WebApplication app, string folder)
    {
        var utp = ListeningAddresses.Utp(app.Services).ToArray();
        var tcp = ListeningAddresses.Tcp(app.Services).ToArray();
        var url = utp[0].Replace("utp://", "http://", StringComparison.Ordinal);
        Console.WriteLine($"""
            Serving {folder}
              over uTP on {string.Join(", ", utp)}
              over TCP on {string.Join(", ", tcp)}
            From a shell, over TCP:  curl {tcp.FirstOrDefault() ?? "http://HOST:PORT"}/files
            From C#, over uTP:       services.AddUtp().AddHttpClient("files", client => client.BaseAddress = new Uri("{url}/"));
            Press Ctrl+C to stop.
            """);
    }
}
