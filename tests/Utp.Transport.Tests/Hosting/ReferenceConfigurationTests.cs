using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Utp.Transport.Options;
using Utp.Transport.Tests.AspNetCore;
using Utp.Transport.Tests.Samples;

namespace Utp.Transport.Tests.Hosting;

/// <summary>The appsettings.json of the repository binds, is complete, and shows the actual defaults.</summary>
public sealed class ReferenceConfigurationTests
{
    [Fact]
    public async Task File_AsTheConfigurationOfAWebHost_StartsAndServes()
    {
        // Only the port differs, so that the test uses a free one.
        await using var app = UtpWebApp.Build(
            await File.ReadAllTextAsync(RepositoryPaths.Settings), null, "--Utp:Endpoints:web:Url=utp://127.0.0.1:0", "--Urls=http://127.0.0.1:0");

        await app.StartAsync();

        Assert.Single(app.EndPoints);
        Assert.Equal(16, app.App.Services.GetRequiredService<IOptionsMonitor<UtpClientOptions>>().Get("files").MaxConnections);
    }

    [Fact]
    public async Task TransportSection_ShowsTheDefaults()
    {
        await using var services = new ServiceCollection()
            .AddUtp(new ConfigurationBuilder().AddJsonFile(RepositoryPaths.Settings).Build()).Services.BuildServiceProvider();
        var options = services.GetRequiredService<IOptions<UtpTransportOptions>>().Value;
        var defaults = new UtpTransportOptions();

        Assert.All(
            typeof(UtpTransportOptions).GetProperties().Where(property => property.CanWrite),
            property => Assert.Equal(property.GetValue(defaults), property.GetValue(options)));
    }

    [Fact]
    public async Task File_NamesEveryKey()
    {
        var text = await File.ReadAllTextAsync(RepositoryPaths.Settings);
        var named = Regex.Matches(text, "\"(\\w+)\":").Select(match => match.Groups[1].Value).ToHashSet();

        Assert.All(OptionKeys.Transport, key => Assert.Contains(key.Name, named));
        Assert.All(OptionKeys.Client, key => Assert.Contains(key.Name, named));
        Assert.All((string[])[OptionKeys.Url, .. OptionKeys.Http], key => Assert.Contains(key, named));
    }

    [Fact]
    public async Task File_WithItsCommentedKeysSwitchedOn_StillBinds()
    {
        var lines = await File.ReadAllLinesAsync(RepositoryPaths.Settings);
        var commented =
            lines.Where(line => Array.Exists(["TargetDelay", "MtuCeiling", "Shards"], key => line.Contains($"//\"{key}\"", StringComparison.Ordinal)))
            .Select(line => line.Trim()[2..]);
        await using var services = UtpConfigurationJson.Services(
            $"{{ \"Utp\": {{ \"Transport\": {{\n{string.Join('\n', commented)}\n}} }} }}");

        var options = services.GetRequiredService<IOptions<UtpTransportOptions>>().Value;

        Assert.Equal((TimeSpan.FromMilliseconds(100), 1_472, 4), (options.TargetDelay, options.MtuCeiling, options.Shards));
    }
}
