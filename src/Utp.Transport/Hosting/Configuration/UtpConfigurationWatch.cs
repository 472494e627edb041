using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Utp.Transport.Diagnostics;
using Utp.Transport.Hosting.Servers;

namespace Utp.Transport.Hosting.Configuration;

/// <summary>
/// Warns about changes of the configuration at run time that have no effect: those of the engine, of clients, and of endpoints of
/// <c>AddListener</c>. An HTTP server applies the changes of its own endpoints.
/// </summary>
internal sealed class UtpConfigurationWatch(
    UtpConfiguration configuration, IEnumerable<UtpListenerRegistration> registrations, ILoggerFactory loggerFactory) : IHostedService, IDisposable
{
    private readonly ILogger _logger = loggerFactory.CreateLogger(UtpLog.TransportCategory);
    private readonly Lock _lock = new();
    private Dictionary<string, string?> _known = [];
    private IDisposable? _registration;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (configuration.Section is { } section)
        {
            _known = Read();
            _registration = ChangeToken.OnChange(section.GetReloadToken, Compare);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _registration?.Dispose();

    private void Compare()
    {
        lock (_lock)
        {
            var now = Read();
            foreach (var key in _known.Keys.Union(now.Keys).Order(StringComparer.Ordinal))
            {
                if (!string.Equals(_known.GetValueOrDefault(key), now.GetValueOrDefault(key), StringComparison.Ordinal))
                {
                    UtpLog.ChangeNeedsRestart(_logger, key);
                }
            }

            _known = now;
        }
    }

    /// <summary>Reads every key that is used at the start only, with its value.</summary>
    private Dictionary<string, string?> Read() =>
        registrations.Select(registration => configuration.FindEndpoint(registration.Name))
            .Append(configuration.Transport)
            .Concat(configuration.Clients)
            .OfType<IConfigurationSection>()
            .SelectMany(section => section.AsEnumerable())
            .Where(pair => pair.Value is not null)
            .ToDictionary(StringComparer.OrdinalIgnoreCase);
}
