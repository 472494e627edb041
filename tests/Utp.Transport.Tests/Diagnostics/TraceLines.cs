using System.Text.Json;

namespace Utp.Transport.Tests.Diagnostics;

/// <summary>Parses a trace as any reader of JSON lines would.</summary>
internal sealed class TraceLines(string text)
{
    /// <summary>Every line, the header first.</summary>
    public IReadOnlyList<JsonElement> All { get; } =
        [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    public JsonElement Header => All[0];

    public static TraceLines Read(string path) => new(File.ReadAllText(path));

    public IReadOnlyList<JsonElement> Named(string name) => [.. All.Skip(1).Where(line => NameOf(line) == name)];

    public IEnumerable<IGrouping<string, JsonElement>> Connections() =>
        All.Skip(1).Where(line => line.TryGetProperty("group_id", out _)).GroupBy(line => line.GetProperty("group_id").GetString()!);

    public static string NameOf(JsonElement line) => line.GetProperty("name").GetString()!;

    public static JsonElement DataOf(JsonElement line) => line.GetProperty("data");

    public static double TimeOf(JsonElement line) => line.GetProperty("time").GetDouble();
}
