using Utp.Transport.Connections;

namespace Utp.Transport.Sockets;

/// <summary>
/// Connections with something to do, linked through themselves: any thread adds, the one with the turn takes all. A connection is in it at
/// most once (<see cref="ConnectionSignals.Queued"/>), so it cannot outgrow the connections, and adding allocates nothing.
/// </summary>
internal sealed class PostedConnections
{
    private UtpConnection? _newest;

    public bool IsEmpty => Volatile.Read(ref _newest) is null;

    public void Add(UtpConnection connection)
    {
        // Nothing is ever taken from the middle, so a head that came back is the same list: no ABA.
        var newest = Volatile.Read(ref _newest);
        while (true)
        {
            connection.NextPosted = newest;
            var found = Interlocked.CompareExchange(ref _newest, connection, newest);
            if (found == newest)
            {
                return;
            }

            newest = found;
        }
    }

    /// <summary>Empties the queue; the oldest first, each with the next in <see cref="UtpConnection.NextPosted"/>.</summary>
    public UtpConnection? TakeAll()
    {
        var next = Interlocked.Exchange(ref _newest, null);
        UtpConnection? oldest = null;
        while (next is not null)
        {
            var rest = next.NextPosted;
            next.NextPosted = oldest;
            oldest = next;
            next = rest;
        }

        return oldest;
    }
}
