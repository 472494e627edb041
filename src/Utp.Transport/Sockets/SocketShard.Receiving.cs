using Utp.Protocol.Connections;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Transport.Connections;
using Utp.Transport.Datagrams;

namespace Utp.Transport.Sockets;

/// <content>Receiving: from the channel into the core, and from the core into input pipes.</content>
internal sealed partial class SocketShard
{
    private readonly Thread _receiver;
    private UtpConnection? _touched;
    private long _errorsSurvived;
    private long _nonUtpReceived;
    private long _nonUtpDropped;

    /// <summary>
    /// Maximum number of receives that discard datagrams: enough to empty the largest kernel buffer of the smallest datagrams, and bounded so that a
    /// flood cannot keep the loop running.
    /// </summary>
    private const int MaxDiscards = 1_024;

    /// <summary>Discards the datagrams that have arrived so far. Before <see cref="Start"/>.</summary>
    public void DiscardReceived()
    {
        for (var i = 0; i < MaxDiscards; i++)
        {
            // A receive after a call of Wake does not wait.
            _channel.Wake();
            if (!_channel.Receive(_batch))
            {
                return;
            }
        }
    }

    private void ReceiveLoop()
    {
        while (!IsClosed)
        {
            var received = Receive();
            if (received)
            {
                ScreenRequests();
            }

            _turn.EnterAsReceiver();
            _collectsWoken = true;
            try
            {
                if (received && !_closed)
                {
                    HandleBatch();
                }

                RunTurn();
            }
            finally
            {
                _turn.Exit();
                _collectsWoken = false;
            }

            RunShardsWithIcmpErrors();
            RunWoken();
        }
    }

    /// <summary>Receives a batch. Channels return the errors of the system. An exception is a defect, and must not end the process.</summary>
    private bool Receive()
    {
        try
        {
            return _channel.Receive(_batch, ReceiveDeadline);
        }
#pragma warning disable CA1031 // As in RunTurn.
        catch (Exception e)
#pragma warning restore CA1031
        {
            using (_turn.EnterScope())
            {
                Fail(e);
            }

            return false;
        }
    }

    private void HandleBatch()
    {
        _errorsSurvived += _batch.ErrorCount;
        try
        {
            // First, because a request to connect in the batch would otherwise find the backlog full, and the peer would have to repeat it.
            ReleaseBacklogToCore();
            for (var i = 0; i < _batch.Count; i++)
            {
                _isTrainRefused = IsRefused(i);
                HandleTrain(_batch[i], _batch.BytesOf(i));
            }

            for (var i = 0; i < _batch.IcmpErrorCount; i++)
            {
                HandleIcmpError(_batch.IcmpErrorAt(i), _batch.QuotationOf(i));
            }
        }
#pragma warning disable CA1031 // As in RunTurn.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(e);
        }
    }

    private void HandleTrain(in ReceivedTrain train, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > train.SegmentSize)
        {
            HandleDatagram(train, bytes[..train.SegmentSize]);
            bytes = bytes[train.SegmentSize..];
        }

        HandleDatagram(train, bytes);
    }

    private void HandleDatagram(in ReceivedTrain train, ReadOnlySpan<byte> datagram)
    {
        if (!TryDeliverSetAside(train.Arrival))
        {
            _droppedForMemory++;
            return;
        }

        try
        {
            TakeDatagram(train, datagram);
        }
        catch (OutOfMemoryException)
        {
            HandleNoMemory();
        }
    }

    private void TakeDatagram(in ReceivedTrain train, ReadOnlySpan<byte> datagram)
    {
        if (PacketHeader.IsSyn(datagram) && !MayReachCore())
        {
            return;
        }

        var result = _core.HandleDatagram(train.Arrival, train.Remote, datagram, train.Local);
        if (result.Connection is { } core)
        {
            if (result.PayloadLength > 0)
            {
                Deliver(core, train.Arrival, datagram.Slice(result.PayloadOffset, result.PayloadLength));
            }

            DeliverReordered(core, train.Arrival);
        }
        else if (result.Disposition == DatagramDisposition.NotUtp)
        {
            var taken = _group.IncomingNonUtp.TryAdd(train.Remote, train.Local, datagram);
            _ = taken ? _nonUtpReceived++ : _nonUtpDropped++;
        }
    }

    private void DeliverReordered(ConnectionCore core, Instant now)
    {
        while (_setAsideFor is null && core.TryTakeReordered(out var payload))
        {
            Deliver(core, now, payload);
        }
    }

    private void Deliver(ConnectionCore core, Instant now, ReadOnlySpan<byte> payload)
    {
        UtpConnection connection;
        try
        {
            connection = OwnerOf(core);
        }
        catch (OutOfMemoryException)
        {
            SetAside(core, payload);
            return;
        }

        if (!connection.IsTouched)
        {
            connection.IsTouched = true;
            connection.NextTouched = _touched;
            _touched = connection;
        }

        var taken = connection.Deliver(now, payload);
        if (taken < payload.Length)
        {
            SetAside(core, payload[taken..]);
        }
    }

    /// <summary>Wakes the reader of each connection that this turn has delivered to.</summary>
    private void FlushInputs()
    {
        while (_touched is { } connection)
        {
            _touched = connection.NextTouched;
            connection.NextTouched = null;
            connection.IsTouched = false;
            connection.FlushInput();
        }
    }

    /// <summary>
    /// Gets the connection that owns a connection of the core. An inbound one is allocated with its first payload, which can arrive before the core
    /// raises the event that it is accepted.
    /// </summary>
    private UtpConnection OwnerOf(ConnectionCore core)
    {
        if (core.Owner is UtpConnection connection)
        {
            return connection;
        }

        connection = new UtpConnection(this, core, _listener?.Options ?? _engine.DefaultOptions);
        core.Owner = connection;
        _engine.AddReference(_group);
        _unsettled.Add(connection);
        return connection;
    }
}
