using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Transport.Connections;
using Utp.Transport.Datagrams;
using Utp.Transport.Diagnostics;

namespace Utp.Transport.Sockets;

/// <content>
/// Requests to connect that the core never sees: those that the application's filter refuses, and those beyond the maximum of the listener. They are
/// counted, and get no answer.
/// </content>
internal sealed partial class SocketShard
{
    /// <summary>The trains of the batch that the filter has refused. Allocated with the socket, so that a full memory is no problem later.</summary>
    private readonly bool[] _refusedTrains;
    private bool _hasRefusedTrains;
    private bool _isTrainRefused;
    private bool _filterHasFailed;
    private long _requestsRefused;
    private long _requestsOverLimit;
    private long _confirmationsOverLimit;

    /// <summary>
    /// Asks the filter about each train that has a SYN. On the receive thread, before it takes the turn: the filter is code of the application, and
    /// may take a turn itself.
    /// </summary>
    private void ScreenRequests()
    {
        if (_hasRefusedTrains)
        {
            _hasRefusedTrains = false;
            Array.Clear(_refusedTrains);
        }

        if (Volatile.Read(ref _listener) is null || _engine.AcceptFilter is not { } filter)
        {
            return;
        }

        for (var i = 0; i < _batch.Count; i++)
        {
            if (HasSyn(_batch[i], _batch.BytesOf(i)) && !IsAccepted(filter, _batch[i]))
            {
                _hasRefusedTrains = true;
                _refusedTrains[i] = true;
            }
        }
    }

    private static bool HasSyn(in ReceivedTrain train, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > train.SegmentSize)
        {
            if (PacketHeader.IsSyn(bytes[..train.SegmentSize]))
            {
                return true;
            }

            bytes = bytes[train.SegmentSize..];
        }

        return PacketHeader.IsSyn(bytes);
    }

    private bool IsAccepted(IUtpAcceptFilter filter, in ReceivedTrain train)
    {
        try
        {
            return filter.Accepts(LocalEndPoint, train.Remote.ToEndPoint());
        }
#pragma warning disable CA1031 // The filter is code of the application: its exceptions must not end the receive thread.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (!_filterHasFailed)
            {
                _filterHasFailed = true;
                RunAndIgnoreExceptions(() => UtpLog.AcceptFilterFailed(_logger, LocalEndPoint, e));
            }

            return false;
        }
    }

    private bool IsRefused(int index) => _hasRefusedTrains && _refusedTrains[index];

    /// <summary>Gets whether the core gets a SYN of the train that is being handled, and counts it otherwise.</summary>
    private bool MayReachCore()
    {
        if (_isTrainRefused)
        {
            _requestsRefused++;
            return false;
        }

        if (_listener is { IsFull: true })
        {
            _requestsOverLimit++;
            return false;
        }

        return true;
    }

    /// <summary>Gives a confirmed connection to the listener, or resets it.</summary>
    private void Accept(Instant now, UtpConnection connection)
    {
        if (_listener?.TryEnqueue(connection) == true)
        {
            return;
        }

        _confirmationsOverLimit += _listener is null ? 0 : 1;
        _core.ReleaseBacklog();
        connection.Refuse(now);
    }
}
