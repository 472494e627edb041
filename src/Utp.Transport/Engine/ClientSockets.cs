using Utp.Transport.Sockets;

namespace Utp.Transport.Engine;

/// <summary>
/// What connects without a local endpoint leave from, one family of addresses: as many sockets as an endpoint has shards, each with a port of its
/// own, opened when their turn comes. Guarded by the engine's lock.
/// </summary>
internal sealed class ClientSockets
{
    private readonly List<UtpSocketGroup?> _sockets = [];
    private int _next;

    public IEnumerable<UtpSocketGroup> Open => _sockets.OfType<UtpSocketGroup>();

    /// <summary>The next in turn of <paramref name="count"/>.</summary>
    public UtpSocketGroup Next(int count, Func<UtpSocketGroup> open)
    {
        while (_sockets.Count < count)
        {
            _sockets.Add(null);
        }

        var index = _next;
        _next = (index + 1) % count;
        return _sockets[index] ??= open();
    }

    public void Remove(UtpSocketGroup socket)
    {
        var index = _sockets.IndexOf(socket);
        if (index >= 0)
        {
            _sockets[index] = null;
        }
    }
}
