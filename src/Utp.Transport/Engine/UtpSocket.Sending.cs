using Utp.Protocol;
using Utp.Transport.Datagrams;

namespace Utp.Transport.Engine;

/// <content>
/// From the core into the channel. A train that the system would not take is kept and goes first next time: it counts as sent, and is not
/// loss. Until then the core is not asked for more.
/// </content>
internal sealed partial class UtpSocket
{
    private static readonly TimeSpan LongestWaitForWritable = TimeSpan.FromMilliseconds(100);

    /// <summary>The largest train: what one segmentation-offload send may carry.</summary>
    private const int TrainBytes = 64 * 1024;

    private readonly byte[] _train = GC.AllocateUninitializedArray<byte>(TrainBytes, pinned: true);
    private Transmit _unsent;
    private int _unsentOffset;
    private bool _retrySend;
    private long _sendFailures;
    private SemaphoreSlim? _sendBlocked;

    /// <param name="yieldsTurn">False sends the rest too when the receiver wants the turn: there will be no turn after this one.</param>
    private void SendAll(bool yieldsTurn = true)
    {
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
    }

    /// <summary>False when the system would block: the rest is kept.</summary>
    private bool SendUnsent()
    {
        var outcome = _channel.Send(_unsent, _train.AsSpan(_unsentOffset, _unsent.Length), out var bytesSent);
        switch (outcome)
        {
            case SendOutcome.WouldBlock:
                _unsentOffset += bytesSent;
                _unsent = _unsent with { Length = _unsent.Length - bytesSent };
                AwaitWritable();
                return false;
            case SendOutcome.MessageTooLong:
                if (_unsent.Connection is not null)
                {
                    _core.HandleMessageTooLong(_clock.Now, _unsent);
                }

                break;
            case SendOutcome.Failed:
                // Gone, like anything else that a network loses; retransmission and its limit decide what that means.
                _sendFailures++;
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

    private bool SendForeign()
    {
        while (_foreign.TryTakeOutgoing(out var remote, out var datagram))
        {
            datagram.CopyTo(_train, 0);
            _unsent = new Transmit(remote, datagram.Length, datagram.Length, AllowFragmentation: true, Connection: null);
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
        if (_sendBlocked is null)
        {
            _sendBlocked = new SemaphoreSlim(0);
            new Thread(RetryLoop) { IsBackground = true, Name = $"uTP send {LocalEndPoint}" }.UnsafeStart(_sendBlocked);
        }

        _sendBlocked.Release();
    }

    private void StopSendRetries() => _sendBlocked?.Release();

    private void RetryLoop(object? state)
    {
        var blocked = (SemaphoreSlim)state!;
        while (true)
        {
            blocked.Wait();
            if (IsClosed)
            {
                return;
            }

            _channel.WaitWritable(LongestWaitForWritable);
            Interlocked.Exchange(ref _retrySend, true);
            TryRun();
        }
    }
}
