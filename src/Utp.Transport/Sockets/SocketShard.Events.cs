using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Connections.Statistics;
using Utp.Protocol.Time;
using Utp.Transport.Connections;

namespace Utp.Transport.Sockets;

/// <content>The events of the core, and the life of the connections of this socket.</content>
internal sealed partial class SocketShard
{
    /// <summary>Starts an outbound connection. Returns null when the core has no place or no free id for it.</summary>
    public ConnectionCore? Connect(Instant now, UtpConnection connection, in PeerAddress remote, ConnectionSettings settings)
    {
        var core = _core.Connect(now, remote, settings);
        if (core is not null)
        {
            core.Owner = connection;
            _unsettled.Add(connection);
        }

        return core;
    }

    /// <summary>Notes that a connection has nothing left to deliver. The core may keep it for a while, to acknowledge a repeated FIN.</summary>
    public void Settle(UtpConnection connection, in ConnectionStatistics statistics)
    {
        if (_unsettled.Remove(connection))
        {
            _settledTotals.Add(statistics);
            SignalSettled();
        }
    }

    /// <summary>Takes over the reference of a settled connection until the core has forgotten the connection.</summary>
    public void Linger(ConnectionCore core)
    {
        core.Owner = _lingeringOwner;
        _lingering.Add(core);
    }

    /// <summary>
    /// Notes that the core has forgotten a connection. The reference is given back when everything is sent: with the last one the channel closes, and
    /// a RESET that still waits would never leave.
    /// </summary>
    public void Release() => _releasedCount++;

    /// <summary>Gives back the references of forgotten connections. The local endpoint closes with its last reference.</summary>
    private void ReleaseReferences()
    {
        for (; _releasedCount > 0; _releasedCount--)
        {
            _engine.ReleaseReference(_group);
        }
    }

    private void HandleEvents(Instant now)
    {
        while (_core.PollEvent(out var core, out var events))
        {
            if ((events & ConnectionEvents.Accepted) != 0)
            {
                Accept(now, OwnerOf(core));
            }

            if (core.Owner is UtpConnection connection)
            {
                connection.HandleEvents(now, events);
            }
            else if (core.Owner == _lingeringOwner && (events & ConnectionEvents.Released) != 0)
            {
                _lingering.Remove(core);
                Release();
            }
        }
    }
}
