using System.Net;

namespace Utp.Transport.Hosting;

/// <summary>Implements <see cref="IUtpServerAddresses"/>: listeners add themselves when bound and remove themselves when unbound.</summary>
internal sealed class UtpServerAddresses : IUtpServerAddresses
{
    private readonly Lock _lock = new();
    private Entry[] _entries = [];

    public IReadOnlyList<UtpEndPoint> EndPoints => Array.ConvertAll(Volatile.Read(ref _entries), entry => entry.Bound);

    public UtpEndPoint GetEndPoint(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var entries = Volatile.Read(ref _entries);
        return Array.Find(entries, entry => string.Equals(entry.Name, name, StringComparison.OrdinalIgnoreCase))?.Bound
            ?? throw new InvalidOperationException($"No uTP listener named '{name}' is bound. {Bound(entries)}");
    }

    /// <summary>Finds the listener that has the port of an endpoint, on the same address or on all addresses; null if there is none.</summary>
    /// <returns>The bound endpoint, with the name of its listener.</returns>
    public UtpEndPoint? FindBound(UtpEndPoint wanted) =>
        Array.Find(Volatile.Read(ref _entries), entry => entry.Bound.Port == wanted.Port && Overlap(entry.Bound, wanted)) is { } entry
            ? entry.Bound.WithListener(entry.Name, null)
            : null;

    /// <summary>Gets the bound endpoints of a named listener, which may have one for each address family; empty while it is not bound.</summary>
    public IReadOnlyList<IPEndPoint> FindAll(string name) =>
    [
        .. Volatile.Read(ref _entries).Where(entry => string.Equals(entry.Name, name, StringComparison.OrdinalIgnoreCase))
            .Select(entry => entry.Bound.IPEndPoint!),
    ];

    /// <summary>Adds a bound listener.</summary>
    /// <param name="requested">The requested endpoint, which has the name.</param>
    /// <param name="bound">The endpoint with its real port.</param>
    /// <returns>The registration; dispose it when the listener is unbound. Disposing it is idempotent.</returns>
    public IDisposable Add(UtpEndPoint requested, UtpEndPoint bound)
    {
        var entry = new Entry(this, requested.ListenerName, bound);
        lock (_lock)
        {
            _entries = [.. _entries, entry];
        }

        return entry;
    }

    private static bool Overlap(UtpEndPoint bound, UtpEndPoint wanted) =>
        IsWildcard(bound) || IsWildcard(wanted) || wanted.IPEndPoint is null || bound.Equals(wanted);

    private static bool IsWildcard(UtpEndPoint endPoint) =>
        endPoint.IPEndPoint is { } ip && (ip.Address.Equals(IPAddress.Any) || ip.Address.Equals(IPAddress.IPv6Any));

    private static string Bound(Entry[] entries)
    {
        var names = entries.Where(entry => entry.Name is not null).Select(entry => $"'{entry.Name}'").ToArray();
        return names.Length == 0 ? "No named listener is bound; has the host started?" : $"Bound are {string.Join(", ", names)}.";
    }

    private void Remove(Entry entry)
    {
        lock (_lock)
        {
            _entries = [.. _entries.Where(other => other != entry)];
        }
    }

    private sealed class Entry(UtpServerAddresses owner, string? name, UtpEndPoint bound) : IDisposable
    {
        public string? Name => name;

        public UtpEndPoint Bound => bound;

        public void Dispose() => owner.Remove(this);
    }
}
