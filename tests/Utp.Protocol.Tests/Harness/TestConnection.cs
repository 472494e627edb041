using System.Buffers;
using System.IO.Pipelines;
using Utp.Protocol.Connections;
using Utp.Protocol.Time;

namespace Utp.Protocol.Tests.Harness;

/// <summary>The application's side of one connection: a pipe as the send buffer, and a list of what was received.</summary>
internal sealed class TestConnection
{
    private readonly TestNetwork _network;
    private readonly TestHost _host;
    private readonly Pipe _output = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
    private readonly ArrayBufferWriter<byte> _received = new();

    public TestConnection(TestNetwork network, TestHost host, ConnectionCore core)
    {
        _network = network;
        _host = host;
        Core = core;
        core.Owner = this;
    }

    public ConnectionCore Core { get; }

    public ConnectionEvents Events { get; private set; }

    public byte[] Received => _received.WrittenSpan.ToArray();

    public long ReceivedCount => _received.WrittenCount;

    /// <summary>Bytes that the core gave back from the front of the send buffer: acknowledged, and all before them too.</summary>
    public long ReleasedCount { get; private set; }

    /// <summary>Bytes reported to the core as consumed.</summary>
    public long ConsumedCount { get; private set; }

    /// <summary>True (the default) consumes at once; false leaves received bytes unread, so that the window closes.</summary>
    public bool ReadsEagerly { get; set; } = true;

    /// <summary>For tests that end connections at random: this one writes no more.</summary>
    public bool HasEnded { get; set; }

    public bool IsConnected => Events.HasFlag(ConnectionEvents.Connected) || Events.HasFlag(ConnectionEvents.Accepted);

    public bool IsClosed => Events.HasFlag(ConnectionEvents.Closed);

    public bool IsReleased => Events.HasFlag(ConnectionEvents.Released);

    public bool PeerFinished => Events.HasFlag(ConnectionEvents.PeerFinished);

    public bool Finished => Events.HasFlag(ConnectionEvents.Finished);

    public Instant ClosedAt { get; private set; }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        _output.Writer.Write(bytes);
        _output.Writer.FlushAsync().AsTask().GetAwaiter().GetResult();
        ShowBuffer();
        _host.Drain();
    }

    public void Finish()
    {
        Core.Finish(_network.Now);
        _host.Drain();
    }

    public void Close()
    {
        Core.Close(_network.Now);
        _host.Drain();
    }

    public void Abort()
    {
        Core.Abort(_network.Now);
        _host.Drain();
    }

    public void Consume(long bytes)
    {
        ConsumedCount += bytes;
        Core.HandleConsumed(_network.Now, bytes);
        _host.Drain();
    }

    internal void Take(ReadOnlySpan<byte> payload)
    {
        _received.Write(payload);
        if (ReadsEagerly && payload.Length > 0)
        {
            ConsumedCount += payload.Length;
            Core.HandleConsumed(_network.Now, payload.Length);
        }
    }

    internal void Handle(ConnectionEvents events)
    {
        Assert.False(IsReleased, "an event after the last one");
        Assert.False(IsClosed && events.HasFlag(ConnectionEvents.Closed), "a connection closes once");
        ClosedAt = events.HasFlag(ConnectionEvents.Closed) ? _network.Now : ClosedAt;
        Events |= events;
        if (Core.AcknowledgedBytes > 0)
        {
            ShowBuffer();
        }
    }

    private void ShowBuffer()
    {
        if (!_output.Reader.TryRead(out var result))
        {
            return;
        }

        var released = Core.AcknowledgedBytes;
        ReleasedCount += released;
        var front = result.Buffer.GetPosition(released);
        var buffered = result.Buffer.Slice(front);
        Core.HandleSendBuffer(_network.Now, buffered, released);
        _output.Reader.AdvanceTo(front, front);
    }
}
