using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Utp.Docs.Tests;

/// <summary>The JSON of every document is JSON (or JSON lines), and a start accepts what it says under "Utp".</summary>
public sealed class JsonBlockTests
{
    private static readonly JsonDocumentOptions AsConfiguration = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    public static TheoryData<string, int> Blocks => CodeBlock.PlacesOf("json");

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Block_IsJsonAndValidConfiguration(string path, int line)
    {
        var text = CodeBlock.At(path, line).Text;
        if (IsLines(text))
        {
            Assert.All(text.Split('\n', StringSplitOptions.RemoveEmptyEntries), record => JsonDocument.Parse(record).Dispose());
            return;
        }

        using var document = JsonDocument.Parse(text, AsConfiguration);
        if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("Utp", out _))
        {
            Validate(text);
        }
    }

    [Fact]
    public void Blocks_OfTheDocuments_AreFound() => Assert.True(Blocks.Count >= 3, "The documents have too few JSON blocks: the search is wrong.");

    [Fact]
    public void Configuration_WithAnUnknownKey_IsRefused() =>
        Assert.Throws<OptionsValidationException>(() => Validate("""{ "Utp": { "Transport": { "Recieve": 1 } } }"""));

    /// <summary>Whether there are several records, each on its own line.</summary>
    private static bool IsLines(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries) is { Length: > 1 } lines && lines.All(line => line is ['{', .., '}']);

    /// <summary>As the start of a host does. Certificates belong to the reader, and are not read here.</summary>
    private static void Validate(string json)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json)));
        builder.Services.AddUtp();
        using var host = builder.Build();
        host.Services.GetRequiredService<IStartupValidator>().Validate();
    }
}
