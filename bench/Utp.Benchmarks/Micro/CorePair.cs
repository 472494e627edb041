using System.IO.Pipelines;
using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Simulation.Randomness;
using Utp.Transport.Connections.Pipes;

namespace Utp.Benchmarks.Micro;

/// <summary>
/// Two cores that pass each other datagrams through memory: a sender that always has data and a receiver that consumes everything.
/// </summary>
internal sealed class CorePair
{
    private const int TrainSegments = 45;
    private const int BufferedBytes = 1024 * 1024;

    private static readonly PeerAddress SenderAddress = PeerAddress.FromIPv4(0x0A000001, 1);
    private static readonly PeerAddress ReceiverAddress = PeerAddress.FromIPv4(0x0A000002, 2);

    private readonly SocketCore _sender = new(new SocketSettings(), new SeededRandomSource(1));
    private readonly SocketCore _receiver = new(new SocketSettings(), new SeededRandomSource(2)) { IsListening = true };
    private readonly byte[] _train = new byte[64 * 1024];
    private readonly byte[] _answer = new byte[64 * 1024];
    private readonly Pipe _pipe = new(new PipeOptions(BlockPool.Shared, pauseWriterThreshold: 0, minimumSegmentSize: BlockPool.BlockBytes));
    private readonly ConnectionCore _connection;
    private bool _isFilled;
    private Instant _now = new(1_000_000);

    public CorePair()
    {
        _connection = _sender.Connect(_now, ReceiverAddress)!;
        Exchange();
        Refill();
    }

    /// <summary>Passes one train there and its acknowledgements back; loses every <paramref name="lossEvery"/>th datagram unless that is zero.</summary>
    /// <returns>The number of segments that arrived.</returns>
    public int Exchange(int lossEvery = 0)
    {
        _now += 50;
        var delivered = 0;
        if (_sender.PollTransmit(_now, _train, TrainSegments, out var transmit))
        {
            delivered = Hand(_receiver, SenderAddress, _train.AsSpan(0, transmit.Length), transmit.SegmentSize, lossEvery);
        }

        _receiver.HandleDeadlines(_now);
        while (_receiver.PollEvent(out _, out _))
        {
        }

        while (_receiver.PollTransmit(_now, _answer, TrainSegments, out transmit))
        {
            Hand(_sender, ReceiverAddress, _answer.AsSpan(0, transmit.Length), transmit.SegmentSize, 0);
        }

        _sender.HandleDeadlines(_now);
        while (_sender.PollEvent(out _, out _))
        {
        }

        Refill();
        return delivered;
    }

    private int Hand(SocketCore to, PeerAddress from, ReadOnlySpan<byte> train, int segmentSize, int lossEvery)
    {
        var count = 0;
        for (var index = 1; !train.IsEmpty; index++)
        {
            var datagram = train[..Math.Min(segmentSize, train.Length)];
            train = train[datagram.Length..];
            if (lossEvery > 0 && index % lossEvery == 0)
            {
                continue;
            }

            var result = to.HandleDatagram(_now, from, datagram);
            count++;
            var bytes = result.PayloadLength;
            while (result.Connection is { } connection && connection.TryTakeReordered(out var payload))
            {
                bytes += payload.Length;
            }

            if (bytes > 0)
            {
                result.Connection!.HandleConsumed(_now, bytes);
            }
        }

        return count;
    }

    /// <summary>Appends as many bytes as were acknowledged, as the output of a connection does.</summary>
    private void Refill()
    {
        var acknowledged = _connection.AcknowledgedBytes;
        for (var missing = _isFilled ? acknowledged : BufferedBytes; missing > 0;)
        {
            var length = (int)Math.Min(missing, BlockPool.BlockBytes);
            _pipe.Writer.GetMemory(length);
            _pipe.Writer.Advance(length);
            missing -= length;
        }

        _isFilled = true;
        var flush = _pipe.Writer.FlushAsync();
        System.Diagnostics.Debug.Assert(flush.IsCompletedSuccessfully, "The pipe made its writer wait.");
        _pipe.Reader.TryRead(out var result);
        var rest = result.Buffer.Slice(acknowledged);
        _pipe.Reader.AdvanceTo(rest.Start);
        _connection.HandleSendBuffer(_now, rest, acknowledged);
    }
}
