using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Microsoft.CodeAnalysis;

namespace Utp.Docs.Tests;

/// <summary>A project of <c>dotnet new</c> with the package that the README adds to it: its implicit usings and what it can reference.</summary>
internal sealed class Template
{
    private static readonly string[] OfConsole =
        ["System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Threading", "System.Threading.Tasks"];

    private static readonly string[] OfHosts =
        ["Microsoft.Extensions.Configuration", "Microsoft.Extensions.DependencyInjection", "Microsoft.Extensions.Hosting", "Microsoft.Extensions.Logging"];

    private static readonly string[] OfWeb =
    [
        "System.Net.Http.Json", "Microsoft.AspNetCore.Builder", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Http", "Microsoft.AspNetCore.Routing",
    ];

    /// <summary>Every assembly that this process could load, by name.</summary>
    private static readonly Dictionary<string, string> Available =
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
        .DistinctBy(Path.GetFileNameWithoutExtension)
        .ToDictionary(path => Path.GetFileNameWithoutExtension(path), StringComparer.OrdinalIgnoreCase);

    private Template(string[] usings, string[] framework, params string[] packages)
    {
        Usings = usings;
        References = [.. Closure([.. framework, .. packages]).Select(path => MetadataReference.CreateFromFile(path))];
    }

    /// <summary>By the name that <c>dotnet new</c> knows.</summary>
    public static IReadOnlyDictionary<string, Template> All { get; } = new Dictionary<string, Template>
    {
        ["console"] = new(OfConsole, FolderOf(typeof(object)), "Utp.Transport"),
        ["worker"] = new([.. OfConsole, .. OfHosts], FolderOf(typeof(object)), "Utp.Transport", "Microsoft.Extensions.Hosting"),
        ["web"] = new(
            [.. OfConsole, .. OfHosts, .. OfWeb],
            [.. FolderOf(typeof(object)), .. FolderOf(typeof(Microsoft.AspNetCore.Builder.WebApplication))],
            "Utp.Transport.AspNetCore"),
    };

    public IReadOnlyList<string> Usings { get; }

    public IReadOnlyList<MetadataReference> References { get; }

    /// <summary>The names of the assemblies of a shared framework.</summary>
    private static string[] FolderOf(Type type)
    {
        var folder = Path.GetDirectoryName(type.Assembly.Location)!;
        return [.. Available.Where(one => Path.GetDirectoryName(one.Value) == folder).Select(one => one.Key)];
    }

    /// <summary>The assemblies and all that they refer to: what restoring the packages would bring.</summary>
    private static HashSet<string> Closure(IEnumerable<string> names)
    {
        var found = new HashSet<string>();
        var waiting = new Queue<string>(names);
        while (waiting.TryDequeue(out var name))
        {
            if (Available.TryGetValue(name, out var path) && found.Add(path))
            {
                using var file = new PEReader(File.OpenRead(path));
                var metadata = file.GetMetadataReader();
                foreach (var reference in metadata.AssemblyReferences)
                {
                    waiting.Enqueue(metadata.GetString(metadata.GetAssemblyReference(reference).Name));
                }
            }
        }

        return found;
    }
}
