using System.Reflection;

namespace Utp.Transport.Diagnostics;

/// <summary>The version of this library, as its meter and its activity source report it.</summary>
internal static class LibraryVersion
{
    /// <summary>Gets the version of the package, without the commit that the build may append after a plus sign.</summary>
    public static string? Text { get; } = typeof(LibraryVersion).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];
}
