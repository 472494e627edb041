using System.Globalization;
using Utp.Transport.Options;

namespace Utp.Transport.Rates;

/// <summary>The rates that are allowed, in options and at run time.</summary>
internal static class RateBounds
{
    /// <summary>A lower limit would hold back a full packet for longer than a second.</summary>
    private const int MinBytesPerSecond = 1_000;
    private const int MaxBytesPerSecond = 2_000_000_000;

    /// <summary>The kind of every option that is a rate.</summary>
    public static OptionKind<int?> Kind { get; } = new OptionalValue<int>(new WholeNumber(MinBytesPerSecond, MaxBytesPerSecond, "bytes per second"));

    /// <summary>Converts a rate of the core, in which zero means no limit.</summary>
    public static int? ToOption(long bytesPerSecond) => bytesPerSecond > 0 ? (int)bytesPerSecond : null;

    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public static void Check(int? value, string property)
    {
        if (!Kind.IsAllowed(value))
        {
            var message = string.Create(CultureInfo.InvariantCulture, $"{property} is '{value}'. Expected {Kind.Expected}, or null for no limit.");
            throw new ArgumentOutOfRangeException(nameof(value), message);
        }
    }
}
