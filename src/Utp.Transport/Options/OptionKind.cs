using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Utp.Transport.Options;

/// <summary>Reads and writes one kind of option value as text, and checks which values are allowed.</summary>
internal abstract class OptionKind<TValue>
{
    /// <summary>Completes the sentence "Expected ...".</summary>
    public abstract string Expected { get; }

    public abstract bool TryParse(string text, [MaybeNullWhen(false)] out TValue value);

    public virtual bool IsAllowed(TValue value) => true;

    public virtual string Format(TValue value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty;
}

/// <summary>An integer within bounds.</summary>
internal sealed class WholeNumber(int minimum, int maximum, string unit) : OptionKind<int>
{
    public override string Expected { get; } = string.Create(CultureInfo.InvariantCulture, $"a whole number of {unit} from {minimum} to {maximum}");

    public override bool TryParse(string text, out int value) =>
        int.TryParse(
            text,
            NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture,
            out value);

    public override bool IsAllowed(int value) => value >= minimum && value <= maximum;
}

/// <summary>A time span within bounds; zero, and <see cref="Timeout.InfiniteTimeSpan"/> with it, may mean "never".</summary>
internal sealed class Duration(TimeSpan minimum, TimeSpan maximum, bool zeroMeansNever = false) : OptionKind<TimeSpan>
{
    public override string Expected { get; } =
        $"a duration hh:mm:ss from {Text(minimum)} to {Text(maximum)}"
        + (zeroMeansNever ? ", or 00:00:00 or Timeout.InfiniteTimeSpan (-00:00:00.001) for never" : string.Empty);

    // A bare number is refused, because TimeSpan reads "20" as twenty days.
    public override bool TryParse(string text, out TimeSpan value)
    {
        value = default;
        return text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value);
    }

    public override bool IsAllowed(TimeSpan value) =>
        (value >= minimum && value <= maximum) || (zeroMeansNever && (value == TimeSpan.Zero || value == Timeout.InfiniteTimeSpan));

    public override string Format(TimeSpan value) =>
        value == Timeout.InfiniteTimeSpan ? $"Timeout.InfiniteTimeSpan ({Text(value)})" : Text(value);

    private static string Text(TimeSpan value)
    {
        var text = value.ToString("c", CultureInfo.InvariantCulture);
        return text.Contains('.', StringComparison.Ordinal) && value.Ticks % TimeSpan.TicksPerSecond != 0 ? text.TrimEnd('0') : text;
    }
}

/// <summary>The value true or false.</summary>
internal sealed class Flag : OptionKind<bool>
{
    public override string Expected => "true or false";

    public override bool TryParse(string text, out bool value) => bool.TryParse(text, out value);

    public override string Format(bool value) => value ? "true" : "false";
}

/// <summary>A name of an enumeration. Numbers are refused, since after a renumbering they would silently mean something else.</summary>
internal sealed class Choice<TEnum> : OptionKind<TEnum>
    where TEnum : struct, Enum
{
    public override string Expected { get; } = "one of " + string.Join(", ", Enum.GetNames<TEnum>());

    public override bool TryParse(string text, out TEnum value)
    {
        value = default;
        var name = text.Trim();
        return name.Length > 0 && char.IsLetter(name[0]) && Enum.TryParse(name, ignoreCase: true, out value) && Enum.IsDefined(value);
    }

    public override bool IsAllowed(TEnum value) => Enum.IsDefined(value);
}

/// <summary>A local address and port, written <c>address:port</c>, with or without <c>utp://</c>.</summary>
internal sealed class LocalAddressAndPort : OptionKind<IPEndPoint>
{
    public override string Expected => "an IP address and UDP port, for example 0.0.0.0:6881 or [::]:6881 (port 0: chosen by the system)";

    public override bool TryParse(string text, [MaybeNullWhen(false)] out IPEndPoint value)
    {
        value = UtpEndPoint.TryParse(text, out var endPoint) ? endPoint.IPEndPoint : null;
        return value is not null;
    }
}

/// <summary>The name of a listener. Whether there is one of that name, only the host knows.</summary>
internal sealed class ListenerName : OptionKind<string>
{
    public override string Expected => "the name of a listener of AddListener or Utp:Endpoints";

    public override bool TryParse(string text, [MaybeNullWhen(false)] out string value)
    {
        value = text;
        return IsAllowed(text);
    }

    public override bool IsAllowed(string value) => !string.IsNullOrWhiteSpace(value);
}

/// <summary>
/// The path of a file to write. Only opening it shows whether it can be written; a path that certainly cannot be is refused here.
/// </summary>
internal sealed class WritableFile : OptionKind<string>
{
    public override string Expected => "the path of a file to write, in a directory that exists";

    public override bool TryParse(string text, [MaybeNullWhen(false)] out string value)
    {
        value = text;
        return !string.IsNullOrWhiteSpace(text);
    }

    public override bool IsAllowed(string value) =>
        !string.IsNullOrWhiteSpace(value)
        && !value.Contains('\0', StringComparison.Ordinal)
        && !Directory.Exists(value)
        && Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(value)));
}

/// <summary>The name of a network interface. Only binding shows whether the host has it.</summary>
internal sealed class InterfaceName : OptionKind<string>
{
    /// <summary><c>IFNAMSIZ</c> of Linux, without the terminating zero.</summary>
    private const int MaxLength = 15;

    public override string Expected => "the name of a network interface, of 1 to 15 characters, for example eth0";

    public override bool TryParse(string text, [MaybeNullWhen(false)] out string value)
    {
        value = text.Trim();
        return value.Length > 0;
    }

    public override bool IsAllowed(string value) =>
        value.Length is > 0 and <= MaxLength && !value.Any(letter => char.IsWhiteSpace(letter) || letter is '/' or ':' or '\0');
}

/// <summary>An option that may be left unset.</summary>
internal sealed class OptionalValue<TValue>(OptionKind<TValue> kind) : OptionKind<TValue?>
    where TValue : struct
{
    public override string Expected => kind.Expected;

    public override bool TryParse(string text, out TValue? value)
    {
        var parsed = kind.TryParse(text, out var known);
        value = parsed ? known : null;
        return parsed;
    }

    public override bool IsAllowed(TValue? value) => value is not { } known || kind.IsAllowed(known);

    public override string Format(TValue? value) => value is { } known ? kind.Format(known) : "unset";
}

/// <summary>A reference option that may be left unset.</summary>
internal sealed class OptionalReference<TValue>(OptionKind<TValue> kind) : OptionKind<TValue?>
    where TValue : class
{
    public override string Expected => kind.Expected;

    public override bool TryParse(string text, out TValue? value) => kind.TryParse(text, out value);

    public override bool IsAllowed(TValue? value) => value is null || kind.IsAllowed(value);

    public override string Format(TValue? value) => value is null ? "unset" : kind.Format(value);
}
