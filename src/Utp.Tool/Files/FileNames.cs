using System.Buffers;

namespace Utp.Tool.Files;

/// <summary>The names that a peer may give to files: plain names on every system, so that no path leads out of the directory.</summary>
internal static class FileNames
{
    private const int MaxBytes = 255;

    /// <summary>Separators, and what Windows does not allow or gives a meaning (a stream of another file, a drive).</summary>
    private static readonly SearchValues<char> Forbidden = SearchValues.Create("/\\:*?\"<>|");

    /// <summary>Names of devices on Windows, with any extension.</summary>
    private static readonly string[] Devices = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"];

    /// <summary>Checks a name.</summary>
    /// <returns>Null, or why the name is refused.</returns>
    public static string? Check(string name)
    {
        if (name.Length == 0 || name is "." or "..")
        {
            return "it is not the name of a file";
        }

        if (System.Text.Encoding.UTF8.GetByteCount(name) > MaxBytes)
        {
            return $"it is longer than {MaxBytes} bytes";
        }

        if (name.AsSpan().ContainsAny(Forbidden) || name.Any(char.IsControl))
        {
            return "it has a path separator or another character that a file name may not have";
        }

        if (name[^1] is '.' or ' ' || name[0] == ' ')
        {
            return "it begins or ends with a space, or ends with a dot";
        }

        if (name.EndsWith(PartialFile.Suffix, StringComparison.OrdinalIgnoreCase))
        {
            return "it is a name for partial files";
        }

        return IsDevice(name) ? "it is the name of a device" : null;
    }

    private static bool IsDevice(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var stem = (dot < 0 ? name : name[..dot]).TrimEnd(' ');
        return Devices.Contains(stem, StringComparer.OrdinalIgnoreCase)
            || (stem.Length == 4
                && (stem.StartsWith("COM", StringComparison.OrdinalIgnoreCase) || stem.StartsWith("LPT", StringComparison.OrdinalIgnoreCase))
                && (char.IsAsciiDigit(stem[3]) || stem[3] is '\u00B9' or '\u00B2' or '\u00B3'));
    }
}
