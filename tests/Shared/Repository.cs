namespace Utp.Tests;

/// <summary>The repository that the tests were built in. Found from the output folder: builds of the gate map the paths of sources away.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Utp.Transport.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException($"No Utp.Transport.sln above {AppContext.BaseDirectory}.");
    }
}
