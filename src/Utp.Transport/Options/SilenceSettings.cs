using Microsoft.Extensions.Configuration;

namespace Utp.Transport.Options;

/// <summary>
/// Checks the pair of <see cref="UtpConnectionOptions.IdleTimeout"/> and <see cref="UtpConnectionOptions.KeepAliveInterval"/>. A connection works
/// with any two values, because it sends keepalives at least three times in an idle timeout. A section that sets both so that the interval never
/// takes effect is still a mistake.
/// </summary>
internal static class SilenceSettings
{
    private const string Idle = nameof(UtpConnectionOptions.IdleTimeout);
    private const string KeepAlive = nameof(UtpConnectionOptions.KeepAliveInterval);

    /// <returns>What is wrong with a section's pair; null when nothing is wrong, or when it does not set both.</returns>
    public static string? Check(IConfigurationSection? section)
    {
        if (section?[Idle] is not { } idleText || section[KeepAlive] is not { } keepAliveText)
        {
            return null;
        }

        var options = new UtpConnectionOptions();
        foreach (var key in OptionKeys.Connection)
        {
            if (key.Name is Idle or KeepAlive && key.Apply(section[key.Name]!, options) is not null)
            {
                // The value is unreadable; the message about the value suffices.
                return null;
            }
        }

        return options.IdleTimeout > TimeSpan.Zero && options.KeepAliveInterval >= options.IdleTimeout
            ? $"{section.Path}:{KeepAlive} is '{keepAliveText}', which is not shorter than {section.Path}:{Idle} ('{idleText}'), so it would have no effect. "
                    + $"Set {KeepAlive} to less than a third of {Idle}, or remove it: keepalives are then sent three times in an {Idle}."
            : null;
    }
}
