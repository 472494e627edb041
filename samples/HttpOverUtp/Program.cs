using HttpOverUtp;
using Utp.Transport;

if (!SampleArguments.TryParse(args, out var arguments))
{
    return SampleArguments.Usage;
}

var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = arguments.ForHost, ContentRootPath = AppContext.BaseDirectory });
if (arguments.Once)
{
    // Ports of the system's choice, so that a check never collides with a server that is running.
    builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
    {
        ["Utp:Endpoints:web:Url"] = "utp://127.0.0.1:0",
        ["Urls"] = "http://127.0.0.1:0",
        ["Logging:LogLevel:Default"] = "Warning",
        ["Logging:LogLevel:Utp.Transport"] = "Warning",
    });
}

// The server: Kestrel listens on the uTP endpoints of appsettings.json, beside its TCP addresses.
builder.WebHost.UseUtp();

// The client: an ordinary HttpClient that dials uTP. Its base address is the server of this same process.
builder.Services.AddUtp().AddHttpClient("files", (services, client) =>
    client.BaseAddress = new Uri($"http://{services.GetRequiredService<IUtpServerAddresses>().GetEndPoint("web")}/"));

builder.Services.AddSingleton(new SharedFolder(arguments.Folder));
builder.Services.AddSingleton<ConnectionObserver>();
builder.Services.AddSingleton<RoundTripCheck>();

await using var app = builder.Build();

app.Use((context, next) =>
{
    context.RequestServices.GetRequiredService<ConnectionObserver>().Observe(context);
    return next(context);
});
app.MapGet("/", () => "Files are listed at /files. Each is at /files/PATH. POST to /hash answers with the SHA-256 of what was sent.");
app.MapGet("/files", (SharedFolder folder) => folder.List());
app.MapGet("/files/{**path}", (string path, SharedFolder folder) =>
    folder.Find(path) is { } file ? Results.File(file, "application/octet-stream") : Results.NotFound());
app.MapPost("/hash", (HttpRequest request) => RoundTripCheck.HashUploadAsync(request));

await app.StartAsync();
if (arguments.Once)
{
    return await app.Services.GetRequiredService<RoundTripCheck>().RunAsync() ? 0 : 1;
}

ServingReport.Write(app, arguments.Folder);
await app.WaitForShutdownAsync();
return 0;
