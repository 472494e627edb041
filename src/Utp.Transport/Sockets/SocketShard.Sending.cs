using Utp.Protocol.Connections;
using Utp.Protocol.Sockets;
using Utp.Transport.Connections;
using Utp.Transport.Datagrams;
using Utp.Transport.Engine;

namespace Utp.Transport.Sockets;

/// <content>
/// Sending: from the core into the channel. If the system does not take a train, the socket keeps the train and sends it first next time. The
/// train counts as sent, and is not lost. Until then the socket does not poll the core for more.
/// </content>
internal sealed partial class SocketShard
{
    /// <summary>The longest wait of the send thread before it checks whether the socket is closed.</summary>
    private static readonly TimeSpan LongestWaitForWritable = TimeSpan.FromMilliseconds(100);

    /// <summary>The time between attempts to send when no thread can wait for the socket.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(5);

    /// <summary>The maximum length of a train: one send with segmentation offload may carry as much.</summary>
    internal const int TrainBytes = 64 * 1024;

    private readonly byte[] _train = GC.AllocateUninitializedArray<byte>(TrainBytes, pinned: true);
    private Transmit _unsent;
    private int _unsentOffset;
    private bool _retrySend;
    private long _sendFailures;
    private long _nonUtpSent;
    private SemaphoreSlim? _sendBlocked;
    private ITimer? _retryTimer;

    /// <summary>Divides the send buffers among the connections over short paths.</summary>
    public BufferShare BufferShare { get; } = new();

    /// <summary>Sends everything that may be sent.</summary>
    /// <param name="yieldsTurn">Whether to stop when the receive thread wants the turn. False for the last turn of a socket.</param>
    private void SendAll(bool yieldsTurn = true)
    {
        _core.Trains.IsSegmenting = _channel.SegmentsTrains;
        if (!SendKept() || !SendNonUtp())
        {
            return;
        }

        // If the receive thread waits for the turn, its turn sends the rest.
        while (!(yieldsTurn && _turn.IsWanted)
            && _core.PollTransmit(_clock.Now, _train, _channel.MaxSegmentsPerTrain, out var transmit))
        {
            _unsent = transmit;
            _unsentOffset = 0;
            if (!SendUnsent())
            {
                return;
            }
        }

        if (!(yieldsTurn && _turn.IsWanted))
        {
            ReleaseReferences();
        }

        LogSuspendedTrains();
    }

    /// <summary>Sends the train that the system did not take before, if there is one. Returns false while the system takes no more.</summary>
    private bool SendKept()
    {
        if (_unsent.Length == 0)
        {
            return true;
        }

        // A thread waits until the system takes more. A send before that would be a wasted call.
        if (!_retrySend)
        {
            return false;
        }

        Volatile.Write(ref _retrySend, false);
        return SendUnsent();
    }

    /// <summary>Sends <see cref="_unsent"/>. Returns false when the system would block: the rest is kept.</summary>
    private bool SendUnsent()
    {
        var outcome = _channel.Send(_unsent, _train.AsSpan(_unsentOffset, _unsent.Length), out var bytesSent);
        if (outcome == SendOutcome.SourceUnavailable)
        {
            outcome = SendFromAnyAddress(ref bytesSent);
        }

        switch (outcome)
        {
            case SendOutcome.WouldBlock:
                _unsentOffset += bytesSent;
                _unsent = _unsent with { Length = _unsent.Length - bytesSent };
                AwaitWritable();
                return false;
            case SendOutcome.SentOneByOne:
                _core.HandleTrainRefused(_clock.Now, _unsent);
                break;
            case SendOutcome.MessageTooLong:
                if (_unsent.Connection is not null)
                {
                    _core.HandleMessageTooLong(_clock.Now, _unsent);
                }

                break;
            case SendOutcome.Failed:
                HandleSendRefused();
                break;
            default:
                break;
        }

        _unsent = default;
        return true;
    }

    /// <summary>Handles a refusal: a rule of the system forbids the send, or no interface is up. The core tries again at its own pace.</summary>
    private void HandleSendRefused()
    {
        _sendFailures++;
        _core.HandleSendRefused(_clock.Now, _unsent);
        if (_unsent.Connection is { State: ConnectionState.SynSent, Owner: UtpConnection connecting })
        {
            // "No route" is an answer to a request to connect. The caller should not have to wait for the timeout to get it.
            connecting.NoteUnsendableRequest();
        }
    }

    /// <summary>
    /// Sends the rest of the train from an address that the system chooses. If that succeeds, the system has refused the source address, and the
    /// connection lets go of it.
    /// </summary>
    private SendOutcome SendFromAnyAddress(ref int bytesSent)
    {
        _unsentOffset += bytesSent;
        _unsent = _unsent with { Length = _unsent.Length - bytesSent };
        var outcome = _channel.Send(_unsent with { Local = default }, _train.AsSpan(_unsentOffset, _unsent.Length), out bytesSent);
        if (outcome == SendOutcome.Sent || bytesSent > 0)
        {
            _unsent.Connection?.HandleLocalAddressGone(_unsent.Local);
        }

        return outcome;
    }

    private bool SendNonUtp()
    {
        while (_outgoingNonUtp.TryTake(out var remote, out var local, out var datagram))
        {
            datagram.CopyTo(_train, 0);
            _unsent = new Transmit(remote, datagram.Length, datagram.Length, AllowFragmentation: true, Connection: null) { Local = local };
            _unsentOffset = 0;
            _nonUtpSent++;
            if (!SendUnsent())
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Waits on another thread until the system takes more. A full send buffer is rare and short, so the first one starts that thread.</summary>
    private void AwaitWritable()
    {
        if (_sendBlocked is null && !TryStartRetryThread())
        {
            // The system allows no further thread, so a timer tries again.
            _retryTimer ??= CreateRetryTimer();
            _retryTimer.Change(RetryInterval, Timeout.InfiniteTimeSpan);
            return;
        }

        _sendBlocked!.Release();
    }

    private bool TryStartRetryThread()
    {
        var blocked = new SemaphoreSlim(0);
        try
        {
            _engine.StartThread(new Thread(() => RetryLoop(blocked)) { IsBackground = true, Name = $"uTP send {LocalEndPoint} {Index}" });
        }
        catch (Exception e) when (UtpEngine.IsNoThread(e))
        {
            return false;
        }

        _sendBlocked = blocked;
        return true;
    }

    private ITimer CreateRetryTimer()
    {
        using (ExecutionContext.SuppressFlow())
        {
            return _clock.TimeProvider.CreateTimer(
                static state => ((SocketShard)state!).RetrySend(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    private void RetrySend()
    {
        Interlocked.Exchange(ref _retrySend, true);
        TryRun();
    }

    private void StopSendRetries()
    {
        _sendBlocked?.Release();
        _retryTimer?.Dispose();
    }

    private void RetryLoop(SemaphoreSlim blocked)
    {
        while (true)
        {
            blocked.Wait();
            if (IsClosed)
            {
                return;
            }

            _channel.WaitWritable(LongestWaitForWritable);
            RetrySend();
        }
    }
}
