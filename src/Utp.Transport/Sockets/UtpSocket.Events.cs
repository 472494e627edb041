using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Time;
using Utp.Transport.Connections;

namespace Utp.Transport.Sockets;

/// <content>What the core reports, and the life of connections on this socket.</content>
internal sealed partial class UtpSocket
{
    /// <summary>Starts an outbound connection. Null when the table is full.</summary>
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

    /// <summary>The connection has nothing left to deliver. The core may keep it for a moment, to acknowledge a repeated FIN.</summary>
    public void Settle(UtpConnection connection, in ConnectionStatistics statistics)
    {
        if (_unsettled.Remove(connection))
        {
            _settledTotals.Add(statistics);
            SignalSettled();
        }
    }

    /// <summary>Takes over a settled connection's reference, until the core has forgotten it too.</summary>
    public void Linger(ConnectionCore core)
    {
        core.Owner = _lingeringOwner;
        _lingering.Add(core);
    }

    /// <summary>
    /// The core has forgotten a connection. Its reference goes when everything is sent: the last one takes the channel with it, and a RESET
    /// that still waits would never leave.
    /// </summary>
    public void Release() => _releasedCount++;

    /// <summary>Gives back the references of forgotten connections. With the last of them the local endpoint closes.</summary>
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

    private void Accept(Instant now, UtpConnection connection)
    {
        if (_listener is null || !_listener.TryEnqueue(connection))
        {
            _core.ReleaseBacklog();
            connection.Refuse(now);
        }
    }
}
