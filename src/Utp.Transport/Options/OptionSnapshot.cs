namespace Utp.Transport.Options;

/// <summary>Copies options, and checks them with the same tables as a configuration.</summary>
internal static class OptionSnapshot
{
    /// <summary>Takes a checked copy of the options. Later changes of the original do not affect connections or sockets.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of bounds; the message names the first one.</exception>
    public static TOptions Take<TOptions>(IReadOnlyList<IOptionKey<TOptions>> keys, TOptions options, string parameterName)
        where TOptions : class, new()
    {
        var copy = new TOptions();
        foreach (var key in keys)
        {
            key.Copy(options, copy);
        }

        // The copy is checked, not the original, because another thread may be changing the original.
        Check(keys, copy, parameterName);
        return copy;
    }

    /// <summary>Takes a checked copy of the options of one level, and completes it with the level above.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of bounds; the message names the first one.</exception>
    public static TOptions TakeMerged<TOptions>(
        IReadOnlyList<IOptionKey<TOptions>> keys, TOptions copy, UtpConnectionOptions levelAbove, string parameterName)
        where TOptions : UtpConnectionOptions
    {
        Check(keys, copy, parameterName);
        copy.InheritFrom(levelAbove);
        return copy;
    }

    private static void Check<TOptions>(IReadOnlyList<IOptionKey<TOptions>> keys, TOptions options, string parameterName)
        where TOptions : class
    {
        foreach (var key in keys)
        {
            if (key.Check(options) is { } complaint)
            {
                throw new ArgumentOutOfRangeException(parameterName, $"{typeof(TOptions).Name}.{key.Name} {complaint}");
            }
        }
    }
}
