namespace Utp.Transport.Options;

/// <summary>One configuration key of an options class, with its format and its bounds.</summary>
internal interface IOptionKey<in TOptions>
{
    string Name { get; }

    /// <summary>Reads the text into the options.</summary>
    /// <returns>Null, or a description of what is wrong with the text or its value; the options are then unchanged.</returns>
    string? Apply(string text, TOptions options);

    /// <summary>Checks the value that the options have, whatever its origin.</summary>
    /// <returns>Null, or a description of what is wrong with it.</returns>
    string? Check(TOptions options);

    /// <summary>Copies the value of the option.</summary>
    void Copy(TOptions source, TOptions target);
}

/// <inheritdoc />
internal sealed class OptionKey<TOptions, TValue>(string name, OptionKind<TValue> kind, Func<TOptions, TValue> get, Action<TOptions, TValue> set)
    : IOptionKey<TOptions>
    where TOptions : new()
{
    public string Name => name;

    public string? Apply(string text, TOptions options)
    {
        if (!kind.TryParse(text, out var value) || !kind.IsAllowed(value))
        {
            return Complaint(text);
        }

        set(options, value);
        return null;
    }

    public string? Check(TOptions options)
    {
        var value = get(options);
        return kind.IsAllowed(value) ? null : Complaint(kind.Format(value));
    }

    public void Copy(TOptions source, TOptions target) => set(target, get(source));

    private string Complaint(string value) =>
        $"is '{value}'. Expected {kind.Expected}. Correct the value, or remove the key to take the default ({kind.Format(get(new TOptions()))}).";
}
