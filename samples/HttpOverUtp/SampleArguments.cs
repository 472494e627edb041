using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace HttpOverUtp;

/// <summary>What the command line says: <c>--once</c> and <c>--folder DIRECTORY</c>; anything with a value after <c>=</c> is for the host.</summary>
internal sealed record SampleArguments(bool Once, string Folder, string[] ForHost)
{
    /// <summary>The exit code of bad usage.</summary>
    public const int Usage = 2;

    public static bool TryParse(string[] arguments, [NotNullWhen(true)] out SampleArguments? parsed)
    {
        parsed = null;
        var once = false;
        var folder = RuntimeEnvironment.GetRuntimeDirectory();
        var forHost = new List<string>();
        for (var i = 0; i < arguments.Length; i++)
        {
            switch (arguments[i])
            {
                case "--once":
                    once = true;
                    break;
                case "--folder" when i + 1 < arguments.Length:
                    folder = arguments[++i];
                    break;
                case var other when other.StartsWith("--", StringComparison.Ordinal) && other.Contains('=', StringComparison.Ordinal):
                    forHost.Add(other);
                    break;
                default:
                    return Fail($"'{arguments[i]}' is not understood.");
            }
        }

        if (!Directory.Exists(folder))
        {
            return Fail($"There is no folder '{folder}'.");
        }

        parsed = new SampleArguments(once, Path.GetFullPath(folder), [.. forHost]);
        return true;
    }

    private static bool Fail(string complaint)
    {
        Console.Error.WriteLine(complaint);
        Console.Error.WriteLine("""
            Usage: HttpOverUtp [--once] [--folder DIRECTORY] [--KEY=VALUE ...]
              --once     list, download, upload and verify every file, print a report and exit
              --folder   serve another folder than that of the .NET runtime
              --KEY=VALUE overrides a key of appsettings.json, for example --Utp:Endpoints:web:Url=utp://0.0.0.0:5000
            """);
        return false;
    }
}
