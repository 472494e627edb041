using Utp.Transport.Sockets;

namespace Utp.Transport.Engine;

/// <summary>
/// The sockets of outbound connections without a local endpoint, for one address family. There are as many as an endpoint has shards. Each has a
/// port of its own, and opens when it is used first. The engine's lock guards them.
/// </summary>
internal sealed class ClientSockets
{
    private readonly List<UtpSocketGroup?> _sockets = [];
    private int _next;

    public IEnumerable<UtpSocketGroup> Open => _sockets.OfType<UtpSocketGroup>();

    /// <summary>Gets the next of <paramref name="count"/> sockets, in rotation.</summary>
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
