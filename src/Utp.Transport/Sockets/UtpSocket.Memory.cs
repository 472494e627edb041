using Utp.Protocol.Connections;
using Utp.Protocol.Time;
using Utp.Transport.Connections;
using Utp.Transport.Diagnostics;

namespace Utp.Transport.Sockets;

/// <content>
/// What happens without memory. Payload that the core has taken counts as received, so it may not be lost: it is set aside, and until it is
/// delivered every further datagram is dropped, which costs its sender a retransmission, and ends no connection.
/// </content>
internal sealed partial class UtpSocket
{
    private const long SetAsideRetryMicros = 50_000;

    /// <summary>Allocated beforehand: as long as the payload of a datagram can be.</summary>
    private readonly byte[] _setAside = GC.AllocateUninitializedArray<byte>(TrainBytes);
    private ConnectionCore? _setAsideFor;
    private int _setAsideLength;
    private long _droppedForMemory;
    private bool _reportedNoMemory;

    /// <summary>The core's next deadline, or the next attempt to deliver what is set aside.</summary>
    private Instant NextDeadline => _setAsideFor is null ? _core.NextDeadline : Instant.Min(_core.NextDeadline, _clock.Now + SetAsideRetryMicros);

    /// <summary>Whether the application of a connection has yet to get bytes that count as received.</summary>
    public bool HasSetAsideFor(ConnectionCore core) => _setAsideFor == core;

    private void SetAside(ConnectionCore core, ReadOnlySpan<byte> payload)
    {
        // The source may be this buffer itself.
        payload.CopyTo(_setAside);
        _setAsideFor = core;
        _setAsideLength = payload.Length;
        ReportNoMemory();
    }

    /// <summary>False while there is still no memory.</summary>
    private bool TryDeliverSetAside(Instant now)
    {
        if (_setAsideFor is not { } core)
        {
            return true;
        }

        _setAsideFor = null;
        if (core.State is ConnectionState.Connected or ConnectionState.SynReceived && core.Owner != _lingeringOwner)
        {
            Deliver(core, now, _setAside.AsSpan(0, _setAsideLength));
            DeliverReordered(core, now);
        }

        return _setAsideFor is null;
    }

    /// <summary>The core had no memory for a datagram. If it was for a connection, that may be half changed and would lose bytes: it ends.</summary>
    private void HandleNoMemory()
    {
        _droppedForMemory++;
        ReportNoMemory();
        if (_core.Handling is not { } core)
        {
            return;
        }

        if (core.Owner is UtpConnection connection)
        {
            connection.AbortWithoutTurn(UtpErrors.NoMemory());
        }
        else if (core.State != ConnectionState.Lingering)
        {
            core.Abort(_clock.Now);
        }
    }

    private void ReportNoMemory()
    {
        if (!_reportedNoMemory)
        {
            _reportedNoMemory = true;
            ThreadPool.UnsafeQueueUserWorkItem(static socket => UtpLog.NoMemory(socket._logger, socket.LocalEndPoint), this, preferLocal: false);
        }
    }
}
