using System.Runtime.InteropServices;
using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;

namespace Utp.Protocol.Sockets;

/// <summary>
/// Admits new connections. It holds the half-open ones, bounded in all and per address, oldest first, and counts the backlog of confirmed ones that
/// the application has not taken. A forged SYN costs one entry for a bounded time, and never reaches the application. A connection that is confirmed
/// while the backlog is full stays half-open and waits: its initiator considers it established, and may not send again soon.
/// </summary>
internal sealed class SynAdmission(SocketSettings settings)
{
    private readonly LinkedList<ConnectionCore> _halfOpen = new();

    /// <summary>Confirmed connections, in the order of their confirmation. They wait only while the backlog is full.</summary>
    private readonly LinkedList<ConnectionCore> _waiting = new();
    private readonly Dictionary<PeerAddress, int> _perAddress = [];
    private int _backlogCount;

    /// <summary>The number of unconfirmed connections and of those that wait.</summary>
    public int HalfOpenCount => _halfOpen.Count + _waiting.Count;

    public int WaitingCount => _waiting.Count;

    private bool IsBacklogFull => _backlogCount >= settings.AcceptBacklog;

    public ConnectionCore? OldestUnconfirmed => _halfOpen.First?.Value;

    /// <summary>Judges a SYN, before it takes any memory. The socket drops those that find no room, and their initiators try again.</summary>
    public SynVerdict Judge(in PeerAddress remote)
    {
        if (IsBacklogFull)
        {
            return SynVerdict.BacklogFull;
        }

        if (_perAddress.TryGetValue(remote.Host, out var count) && count >= settings.MaxHalfOpenPerAddress)
        {
            return SynVerdict.AddressFull;
        }

        return HalfOpenCount >= settings.MaxHalfOpen ? SynVerdict.HalfOpenFull : SynVerdict.Room;
    }

    public void Add(ConnectionCore connection)
    {
        connection.HalfOpenNode = _halfOpen.AddLast(connection);
        CollectionsMarshal.GetValueRefOrAddDefault(_perAddress, connection.Remote.Host, out _)++;
    }

    /// <summary>Admits a connection that its peer has confirmed. False when the backlog is full: it waits for <see cref="ReleaseBacklog"/>.</summary>
    public bool TryConfirm(ConnectionCore connection)
    {
        if (IsBacklogFull)
        {
            if (connection.HalfOpenNode is { } node && node.List == _halfOpen)
            {
                _halfOpen.Remove(node);
                _waiting.AddLast(node);
            }

            return false;
        }

        Remove(connection);
        _backlogCount++;
        return true;
    }

    /// <summary>The application took one connection from the backlog. Returns the one that is admitted in its place; null if none waits.</summary>
    public ConnectionCore? ReleaseBacklog()
    {
        Invariant.Holds(_backlogCount > 0, "the application takes only what is in the backlog");
        _backlogCount--;
        if (_waiting.First?.Value is not { } next)
        {
            return null;
        }

        Remove(next);
        _backlogCount++;
        return next;
    }

    public void CheckInvariants() => Invariant.Holds(_waiting.Count == 0 || IsBacklogFull, "no connection waits while the backlog has room");

    /// <summary>Takes the connection out of the half-open table, if it is there.</summary>
    public void Remove(ConnectionCore connection)
    {
        if (connection.HalfOpenNode is not { } node)
        {
            return;
        }

        connection.HalfOpenNode = null;
        node.List!.Remove(node);
        ref var count = ref CollectionsMarshal.GetValueRefOrNullRef(_perAddress, connection.Remote.Host);
        if (--count == 0)
        {
            _perAddress.Remove(connection.Remote.Host);
        }
    }
}
