namespace Utp.Transport.Tests.Samples;

/// <summary>Files of the repository that tests run or read.</summary>
internal static class RepositoryPaths
{
    public static string Settings => Path.Combine(Repository.Root, "appsettings.json");

    /// <summary>A sample, built with the same configuration as this assembly.</summary>
    public static string Sample(string name) => Program("samples", name);

    /// <summary>A program of a folder, built with the same configuration as this assembly.</summary>
    public static string Program(string folder, string name)
    {
        var output = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var path = Path.Combine(Repository.Root, folder, name, "bin", output.Parent!.Name, output.Name, name + ".dll");
        Assert.True(File.Exists(path), $"{path} is missing: it was not built with the tests.");
        return path;
    }
}
