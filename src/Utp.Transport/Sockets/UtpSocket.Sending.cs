using Utp.Protocol.Connections;
using Utp.Protocol.Sockets;
using Utp.Transport.Connections;
using Utp.Transport.Datagrams;
using Utp.Transport.Engine;

namespace Utp.Transport.Sockets;

/// <content>
/// From the core into the channel. A train that the system would not take is kept and goes first next time: it counts as sent, and is not
/// loss. Until then the core is not asked for more.
/// </content>
internal sealed partial class UtpSocket
{
    private static readonly TimeSpan LongestWaitForWritable = TimeSpan.FromMilliseconds(100);

    /// <summary>Between attempts to send when no thread can wait for the socket.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(5);

    /// <summary>The largest train: what one segmentation-offload send may carry.</summary>
    internal const int TrainBytes = 64 * 1024;

    private readonly byte[] _train = GC.AllocateUninitializedArray<byte>(TrainBytes, pinned: true);
    private Transmit _unsent;
    private int _unsentOffset;
    private bool _retrySend;
    private long _sendFailures;
    private SemaphoreSlim? _sendBlocked;
    private ITimer? _retryTimer;

    /// <summary>Divides the send buffers among the connections over short paths.</summary>
    public BufferShare BufferShare { get; } = new();

    /// <param name="yieldsTurn">False sends the rest too when the receiver wants the turn: there will be no turn after this one.</param>
    private void SendAll(bool yieldsTurn = true)
    {
        _core.Trains.IsSegmenting = _channel.SegmentsTrains;
        if (_unsent.Length > 0)
        {
            // A thread waits until the system takes more; trying before that is a wasted call.
            if (!_retrySend)
            {
                return;
            }

            Volatile.Write(ref _retrySend, false);
            if (!SendUnsent())
            {
                return;
            }
        }

        if (!SendForeign())
        {
            return;
        }

        // The receiver, when it waits for the turn, goes on where this stops.
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

        NoteSuspendedTrains();
    }

    /// <summary>False when the system would block: the rest is kept.</summary>
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
                // A rule of the system forbids it, or no interface is up. The core tries again at its own pace.
                _sendFailures++;
                _core.HandleSendRefused(_clock.Now, _unsent);
                if (_unsent.Connection is { State: ConnectionState.SynSent, Owner: UtpConnection connecting })
                {
                    // Except for a request to connect: "no route" is an answer, and the caller should not wait for the timeout to get it.
                    connecting.NoteUnsendableRequest();
                }

                break;
            default:
                break;
        }

        _unsent = default;
        return true;
    }

    /// <summary>Sends what is left of the train from whatever address the system chooses. Only if that passes was it the address that was refused.</summary>
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

    private bool SendForeign()
    {
        while (_foreign.TryTake(out var remote, out var local, out var datagram))
        {
            datagram.CopyTo(_train, 0);
            _unsent = new Transmit(remote, datagram.Length, datagram.Length, AllowFragmentation: true, Connection: null) { Local = local };
            _unsentOffset = 0;
            if (!SendUnsent())
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A full send buffer is rare and short; a thread that exists only since the first one waits for its end.</summary>
    private void AwaitWritable()
    {
        if (_sendBlocked is null && !TryStartRetryThread())
        {
            // No thread to be had: a timer tries again instead.
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
                static state => ((UtpSocket)state!).RetrySend(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
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
