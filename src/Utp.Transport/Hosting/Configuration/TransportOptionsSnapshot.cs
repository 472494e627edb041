using Microsoft.Extensions.Options;
using Utp.Transport.Options;

namespace Utp.Transport.Hosting.Configuration;

/// <summary>Keeps the engine's options as they were at the first read. Later changes of the shared object have no effect on sockets.</summary>
internal sealed class TransportOptionsSnapshot(IOptions<UtpTransportOptions> options) : IOptions<UtpTransportOptions>
{
    private UtpTransportOptions? _snapshot;

    public UtpTransportOptions Value => LazyInitializer.EnsureInitialized(
        ref _snapshot,
        () => OptionSnapshot.Take(OptionKeys.Transport, options.Value, nameof(UtpTransportOptions)));
}
