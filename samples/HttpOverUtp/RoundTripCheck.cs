using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.Features;

namespace HttpOverUtp;

/// <summary>The answer of <c>POST /hash</c>.</summary>
internal sealed record UploadAnswer(long Bytes, string Sha256);

/// <summary>Lists the folder, downloads every file and uploads the largest, all over uTP, and compares each hash with the file on disk.</summary>
internal sealed class RoundTripCheck(IHttpClientFactory clients, SharedFolder folder, ConnectionObserver observer, IServiceProvider services)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static async Task<UploadAnswer> HashUploadAsync(HttpRequest request)
    {
        // Files may be larger than what Kestrel takes by default.
        request.HttpContext.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        using var counter = new CountingStream(request.Body);
        var hash = await SHA256.HashDataAsync(counter, request.HttpContext.RequestAborted);
        return new UploadAnswer(counter.Bytes, Convert.ToHexString(hash));
    }

    /// <returns>Whether everything arrived as it was sent.</returns>
    public async Task<bool> RunAsync()
    {
        using var timeout = new CancellationTokenSource(Patience);
        using var client = clients.CreateClient("files");
        try
        {
            var files = await client.GetFromJsonAsync<SharedFile[]>(new Uri("files", UriKind.Relative), timeout.Token) ?? [];
            if (files.Length == 0)
            {
                Console.Error.WriteLine($"FAILED: the folder {folder.Root} has no files.");
                return false;
            }

            var download = await DownloadAsync(client, files, timeout.Token);
            var upload = await UploadAsync(client, files.MaxBy(file => file.Bytes)!, timeout.Token);
            RoundTripReport.Write(services, folder, download, upload, observer.Statistics());
            return true;
        }
        catch (Exception exception)
            when (exception is InvalidDataException or HttpRequestException or IOException or OperationCanceledException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"FAILED: {exception.Message}");
            return false;
        }
    }

    private async Task<Transfer> DownloadAsync(HttpClient client, SharedFile[] files, CancellationToken cancellationToken)
    {
        var watch = new Stopwatch();
        var bytes = 0L;
        foreach (var file in files)
        {
            var expected = await HashFileAsync(file, cancellationToken);

            watch.Start();
            await using var body = await client.GetStreamAsync(new Uri("files/" + Escape(file.Path), UriKind.Relative), cancellationToken);
            using var counter = new CountingStream(body);
            var actual = Convert.ToHexString(await SHA256.HashDataAsync(counter, cancellationToken));
            watch.Stop();

            Verify("downloaded", file, counter.Bytes, actual, expected);
            bytes += counter.Bytes;
        }

        return new Transfer(files.Length, bytes, watch.Elapsed);
    }

    private async Task<Transfer> UploadAsync(HttpClient client, SharedFile file, CancellationToken cancellationToken)
    {
        var expected = await HashFileAsync(file, cancellationToken);
        await using var source = File.OpenRead(folder.Find(file.Path)!);
        using var content = new StreamContent(source);

        var watch = Stopwatch.StartNew();
        using var response = await client.PostAsync(new Uri("hash", UriKind.Relative), content, cancellationToken);
        response.EnsureSuccessStatusCode();
        var answer = await response.Content.ReadFromJsonAsync<UploadAnswer>(cancellationToken)
            ?? throw new InvalidDataException("The server did not answer the upload.");
        watch.Stop();

        Verify("uploaded", file, answer.Bytes, answer.Sha256, expected);
        return new Transfer(1, answer.Bytes, watch.Elapsed);
    }

    private async Task<string> HashFileAsync(SharedFile file, CancellationToken cancellationToken)
    {
        var path = folder.Find(file.Path) ?? throw new InvalidDataException($"{file.Path} is in the list, but not in the folder {folder.Root}.");
        await using var stream = File.OpenRead(path);
        return Convert.ToHexString(await SHA256.HashDataAsync(stream, cancellationToken));
    }

    private static void Verify(string verb, SharedFile file, long bytes, string actual, string expected)
    {
        if (actual != expected)
        {
            throw new InvalidDataException(
                $"{file.Path}, {verb}, differs from the file on disk: {bytes} bytes with SHA-256 {actual}, expected {file.Bytes} bytes with {expected}.");
        }
    }

    private static string Escape(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
}
