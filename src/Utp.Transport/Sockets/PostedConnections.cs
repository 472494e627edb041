using Utp.Transport.Connections;

namespace Utp.Transport.Sockets;

/// <summary>
/// The queue of connections that have signals, linked through the connections. Any thread adds; the thread that has the turn takes all. A
/// connection is in the queue at most once (<see cref="ConnectionSignals.Queued"/>), so the number of connections bounds it. Adding allocates nothing.
/// </summary>
internal sealed class PostedConnections
{
    private UtpConnection? _newest;

    public bool IsEmpty => Volatile.Read(ref _newest) is null;

    public void Add(UtpConnection connection)
    {
        // Connections are only ever taken all at once, so a head that has come back is still the head of a whole list: there is no ABA problem.
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

    /// <summary>Empties the queue. Returns the oldest connection; <see cref="UtpConnection.NextPosted"/> of each leads to the next.</summary>
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
