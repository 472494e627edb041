using System.Runtime.InteropServices;

namespace Utp.Protocol;

/// <summary>
/// Who may come in: half-open connections, bounded in all and per address, oldest first; and the backlog of confirmed ones that the
/// application has not taken. A forged SYN costs one entry for a bounded time, and never reaches the application.
/// </summary>
internal sealed class SynAdmission(EndpointSettings settings)
{
    private readonly LinkedList<ConnectionCore> _halfOpen = new();
    private readonly Dictionary<PeerAddress, int> _perAddress = [];
    private int _backlogCount;

    public int HalfOpenCount => _halfOpen.Count;

    public bool IsHalfOpenFull => _halfOpen.Count >= settings.MaxHalfOpen;

    public bool IsBacklogFull => _backlogCount >= settings.AcceptBacklog;

    public ConnectionCore? OldestHalfOpen => _halfOpen.First?.Value;

    public bool IsFullFor(in PeerAddress remote) => _perAddress.TryGetValue(remote.Host, out var count) && count >= settings.MaxHalfOpenPerAddress;

    public void Add(ConnectionCore connection)
    {
        connection.HalfOpenNode = _halfOpen.AddLast(connection);
        CollectionsMarshal.GetValueRefOrAddDefault(_perAddress, connection.Remote.Host, out _)++;
    }

    public bool TryConfirm(ConnectionCore connection)
    {
        if (IsBacklogFull)
        {
            return false;
        }

        Remove(connection);
        _backlogCount++;
        return true;
    }

    public void ReleaseBacklog()
    {
        Invariant.Holds(_backlogCount > 0, "only what is in the backlog is taken from it");
        _backlogCount--;
    }

    /// <summary>Takes the connection out of the half-open table, if it is there.</summary>
    public void Remove(ConnectionCore connection)
    {
        if (connection.HalfOpenNode is not { } node)
        {
            return;
        }

        connection.HalfOpenNode = null;
        _halfOpen.Remove(node);
        ref var count = ref CollectionsMarshal.GetValueRefOrNullRef(_perAddress, connection.Remote.Host);
        if (--count == 0)
        {
            _perAddress.Remove(connection.Remote.Host);
        }
    }
}
