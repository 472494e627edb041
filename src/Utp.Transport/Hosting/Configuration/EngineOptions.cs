using Microsoft.Extensions.Options;

namespace Utp.Transport.Hosting.Configuration;

/// <summary>The engine's options as they were when the engine first asked: a later change of the shared object must not reach a socket.</summary>
internal sealed class EngineOptions(IOptions<UtpTransportOptions> options) : IOptions<UtpTransportOptions>
{
    private UtpTransportOptions? _snapshot;

    public UtpTransportOptions Value => LazyInitializer.EnsureInitialized(
        ref _snapshot,
        () => StandaloneEngine.Snapshot(OptionKeys.Transport, options.Value, nameof(UtpTransportOptions)));
}
