using Utp.Protocol.Connections;
using Utp.Protocol.Time;
using Utp.Transport.Connections;
using Utp.Transport.Diagnostics;

namespace Utp.Transport.Sockets;

/// <content>
/// What happens when memory is exhausted. Payload that the core has taken counts as received, so it must not be lost: the socket sets it aside.
/// Until it is delivered, the socket drops every further datagram. That costs the sender a retransmission, and ends no connection.
/// </content>
internal sealed partial class SocketShard
{
    private const long SetAsideRetryMicros = 50_000;

    /// <summary>Allocated in advance, with the length of the longest payload of a datagram.</summary>
    private readonly byte[] _setAside = GC.AllocateUninitializedArray<byte>(TrainBytes);
    private ConnectionCore? _setAsideFor;
    private int _setAsideLength;
    private long _droppedForMemory;
    private bool _hasLoggedNoMemory;

    /// <summary>Gets the core's next deadline, or the next attempt to deliver what is set aside.</summary>
    private Instant NextDeadline => _setAsideFor is null ? _core.NextDeadline : Instant.Min(_core.NextDeadline, _clock.Now + SetAsideRetryMicros);

    /// <summary>Gets whether bytes of a connection that count as received have not reached the application yet.</summary>
    public bool HasSetAsideFor(ConnectionCore core) => _setAsideFor == core;

    private void SetAside(ConnectionCore core, ReadOnlySpan<byte> payload)
    {
        // The payload may be in this buffer already.
        payload.CopyTo(_setAside);
        _setAsideFor = core;
        _setAsideLength = payload.Length;
        LogNoMemory();
    }

    /// <summary>Delivers what is set aside. Returns false while there is still no memory.</summary>
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

    /// <summary>
    /// Handles a datagram for which the core had no memory. If it belonged to a connection, the connection ends, because its state may be incomplete
    /// and it would lose bytes.
    /// </summary>
    private void HandleNoMemory()
    {
        _droppedForMemory++;
        LogNoMemory();
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

    private void LogNoMemory()
    {
        if (!_hasLoggedNoMemory)
        {
            _hasLoggedNoMemory = true;
            ThreadPool.UnsafeQueueUserWorkItem(static socket => UtpLog.NoMemory(socket._logger, socket.LocalEndPoint), this, preferLocal: false);
        }
    }
}
