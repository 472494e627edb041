using System.Net;
using System.Net.Http;
using System.Net.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Utp.Transport.Tests.Hosting;

namespace Utp.Transport.Tests.AspNetCore;

/// <summary>An ordinary web application on uTP, and clients for it.</summary>
internal sealed class UtpWebApp : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // The clients have their own engine: with the server's engine they would be cut off when the server's host has stopped.
    private readonly ServiceProvider _clientServices;

    private UtpWebApp(WebApplication app, FakeLogCollector logs)
    {
        App = app;
        Logs = logs;
        var services = new ServiceCollection();
        services.AddUtp();
        _clientServices = services.BuildServiceProvider();
    }

    public IUtpConnectionFactory Client => _clientServices.GetRequiredService<IUtpConnectionFactory>();

    public WebApplication App { get; }

    public FakeLogCollector Logs { get; }

    public IReadOnlyList<UtpEndPoint> EndPoints => App.Services.GetRequiredService<IUtpServerAddresses>().EndPoints;

    /// <summary>The addresses that Kestrel reports, uTP ones among them.</summary>
    public string[] Urls => [.. App.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses];

    public static UtpWebApp Build(string json, Action<WebApplicationBuilder>? configure = null, params string[] arguments)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = arguments,
            ContentRootPath = Directory.CreateTempSubdirectory("utp-test-").FullName,
            EnvironmentName = Environments.Production,
        });
        builder.Configuration.AddJson(json);
        var logs = new FakeLogCollector();
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Debug).AddProvider(new FakeLoggerProvider(logs));
        if (configure is null)
        {
            builder.WebHost.UseUtp();
        }
        else
        {
            configure(builder);
        }

        return new UtpWebApp(builder.Build(), logs);
    }

    /// <summary>Starts an app with one endpoint in code, on 127.0.0.1 and a port that the system chooses.</summary>
    public static async Task<UtpWebApp> StartAsync(Action<WebApplication> map, Action<ListenOptions>? listen = null)
    {
        var app = Build("{}", builder => builder.WebHost.UseUtp().ConfigureKestrel(kestrel => kestrel.ListenUtp(IPAddress.Loopback, 0, listen ?? (_ => { }))));
        map(app.App);
        return await app.StartAsync();
    }

    public async Task<UtpWebApp> StartAsync()
    {
        try
        {
            await App.StartAsync().WaitAsync(Patience);
            return this;
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>Creates a client of the first uTP endpoint.</summary>
    public HttpClient CreateClient(bool https = false, Version? version = null, UtpEndPoint? endPoint = null, IUtpConnectionFactory? factory = null)
    {
        var client = new HttpClient(CreateHandler(factory)) { Timeout = Patience };
        client.BaseAddress = new Uri($"{(https ? "https" : "http")}://{endPoint ?? EndPoints[0]}/");
        client.DefaultRequestVersion = version ?? HttpVersion.Version11;
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        return client;
    }

    public SocketsHttpHandler CreateHandler(IUtpConnectionFactory? factory = null) => new SocketsHttpHandler
    {
        SslOptions =
            new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, certificate, _, _) => TestCertificate.IsTrusted(certificate) },
    }.OverUtp(factory ?? Client);

    public async ValueTask DisposeAsync()
    {
        var contentRoot = App.Environment.ContentRootPath;
        await App.DisposeAsync().AsTask().WaitAsync(Patience);
        await _clientServices.DisposeAsync().AsTask().WaitAsync(Patience);
        Directory.Delete(contentRoot, recursive: true);
    }
}
