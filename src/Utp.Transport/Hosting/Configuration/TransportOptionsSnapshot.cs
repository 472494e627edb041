using Microsoft.Extensions.Options;
using Utp.Transport.Options;

namespace Utp.Transport.Hosting.Configuration;

/// <summary>The engine's options as they were when the engine first read them. A later change of the shared object does not reach a socket.</summary>
internal sealed class TransportOptionsSnapshot(IOptions<UtpTransportOptions> options) : IOptions<UtpTransportOptions>
{
    private UtpTransportOptions? _snapshot;

    public UtpTransportOptions Value => LazyInitializer.EnsureInitialized(
        ref _snapshot,
        () => OptionSnapshot.Take(OptionKeys.Transport, options.Value, nameof(UtpTransportOptions)));
}
