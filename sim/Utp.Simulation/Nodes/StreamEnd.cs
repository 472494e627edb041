using Utp.Protocol.Connections;
using Utp.Transport;

namespace Utp.Simulation.Nodes;

/// <summary>One end of a connection as its application sees it: bytes to write, bytes received, and their state.</summary>
internal sealed class StreamEnd
{
    private readonly UtpNode _node;
    private readonly SendQueue _sending;
    private bool _isUnshown;
    private bool _isOpened;

    public StreamEnd(UtpNode node, ConnectionCore core, IStreamApplication application)
    {
        _node = node;
        _sending = new SendQueue(node.SendBlockBytes);
        Core = core;
        Application = application;
        core.Owner = this;
    }

    public ConnectionCore Core { get; }

    public IStreamApplication Application { get; }

    public SimulationRun Run => _node.Run;

    /// <summary>Payload received in order.</summary>
    public long ReceivedBytes { get; private set; }

    /// <summary>Bytes written, sent or not.</summary>
    public long WrittenBytes { get; private set; }

    /// <summary>Bytes written and not yet released.</summary>
    public long BufferedBytes => _sending.Length;

    public bool IsPeerFinished { get; private set; }

    /// <summary>Whether everything written, and the FIN, was acknowledged.</summary>
    public bool IsFinished { get; private set; }

    public bool IsClosed { get; private set; }

    public bool IsReleased { get; private set; }

    public UtpCloseReason CloseReason { get; private set; }

    /// <summary>Whether <see cref="Finish"/> or <see cref="Close"/> was called, so that no more may be written.</summary>
    public bool IsWriteEnded { get; private set; }

    /// <summary>Reserves room to write; follow with <see cref="Commit"/>, and then <see cref="Flush"/>.</summary>
    public Span<byte> Reserve(int wanted) => _sending.Reserve(wanted);

    public void Commit(int count)
    {
        _sending.Advance(count);
        WrittenBytes += count;
        _isUnshown = true;
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        _sending.Append(bytes);
        WrittenBytes += bytes.Length;
        _isUnshown = true;
    }

    /// <summary>Passes the written bytes to the core.</summary>
    public void Flush()
    {
        if (_isUnshown && !IsClosed)
        {
            _isUnshown = false;
            Core.HandleSendBuffer(_node.LocalNow, _sending.Buffered, 0);
        }
    }

    public void Finish()
    {
        Flush();
        if (!IsClosed)
        {
            IsWriteEnded = true;
            Core.Finish(_node.LocalNow);
        }
    }

    public void Close()
    {
        Flush();
        if (!IsClosed)
        {
            IsWriteEnded = true;
            Core.Close(_node.LocalNow);
        }
    }

    public void Abort()
    {
        if (!IsClosed)
        {
            Core.Abort(_node.LocalNow);
        }
    }

    public void Consume(long bytes)
    {
        if (!IsClosed && bytes > 0)
        {
            Core.HandleConsumed(_node.LocalNow, bytes);
        }
    }

    /// <summary>Runs methods of an application outside an event of the node, and sends the resulting datagrams.</summary>
    public void Act(Action<StreamEnd> verbs)
    {
        verbs(this);
        _node.Drain();
    }

    /// <summary>Opens an accepted connection when it is first seen, which can be before the event: with its first payload.</summary>
    internal void Open()
    {
        if (!_isOpened)
        {
            _isOpened = true;
            Application.OnOpened(this);
            Flush();
        }
    }

    internal void TakePayload(ReadOnlySpan<byte> payload)
    {
        if (IsPeerFinished)
        {
            throw new SimulationException("Payload was delivered after the peer's FIN.");
        }

        ReceivedBytes += payload.Length;
        Application.OnPayload(this, payload);
    }

    internal void HandleEvents(ConnectionEvents events)
    {
        if ((events & (ConnectionEvents.Connected | ConnectionEvents.Accepted)) != 0)
        {
            Open();
        }

        if ((events & ConnectionEvents.Acknowledged) != 0)
        {
            ReleaseAcknowledged();
        }

        if ((events & ConnectionEvents.PeerFinished) != 0)
        {
            RequireOnce(IsPeerFinished, ConnectionEvents.PeerFinished);
            IsPeerFinished = true;
            Application.OnPeerFinished(this);
        }

        if ((events & ConnectionEvents.Finished) != 0)
        {
            RequireOnce(IsFinished, ConnectionEvents.Finished);
            IsFinished = true;
        }

        if ((events & ConnectionEvents.Closed) != 0)
        {
            RequireOnce(IsClosed, ConnectionEvents.Closed);
            IsClosed = true;
            CloseReason = Core.CloseReason;
            Application.OnClosed(this);
        }

        if ((events & ConnectionEvents.Released) != 0)
        {
            RequireOnce(IsReleased, ConnectionEvents.Released);
            IsReleased = true;
        }

        Flush();
    }

    private static void RequireOnce(bool happened, ConnectionEvents what)
    {
        if (happened)
        {
            throw new SimulationException($"The event {what} was raised twice.");
        }
    }

    private void ReleaseAcknowledged()
    {
        var acknowledged = Core.AcknowledgedBytes;
        if (acknowledged == 0 || (acknowledged < _node.ReleaseBytes && acknowledged < _sending.Length))
        {
            return;
        }

        _sending.Release(acknowledged);
        _isUnshown = false;
        Core.HandleSendBuffer(_node.LocalNow, _sending.Buffered, acknowledged);
        Application.OnRoom(this);
    }
}
