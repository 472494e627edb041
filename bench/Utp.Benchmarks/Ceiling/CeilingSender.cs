using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Transport.Datagrams;
using Utp.Transport.Engine;

namespace Utp.Benchmarks.Ceiling;

/// <summary>Writes headers, copies payload into trains and keeps at most the window in flight.</summary>
internal sealed class CeilingSender
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly IDatagramChannel _channel;
    private readonly UtpClock _clock;
    private readonly PeerAddress _remote;
    private readonly int _datagramBytes;
    private readonly int _packetsPerTrain;
    private readonly int _packetsPerAcknowledgement;
    private readonly uint _windowPackets;
    private readonly byte[] _source = new byte[256 * 1024];
    private readonly byte[] _train;
    private readonly DatagramBatch _batch;
    private int _sourceOffset;
    private uint _acknowledged;

    public CeilingSender(IDatagramChannel channel, UtpClock clock, PeerAddress remote, CeilingOptions options)
    {
        _channel = channel;
        _clock = clock;
        _remote = remote;
        _datagramBytes = options.DatagramBytes;
        _packetsPerAcknowledgement = options.PacketsPerAcknowledgement;
        _windowPackets = (uint)(options.WindowBytes / options.DatagramBytes);
        _packetsPerTrain = (int)Math.Min((uint)channel.MaxSegmentsPerTrain, _windowPackets);
        _train = new byte[_packetsPerTrain * options.DatagramBytes];
        _batch = channel.CreateBatch();
        new Random(1).NextBytes(_source);
    }

    /// <exception cref="InvalidOperationException">Datagrams were lost, so that acknowledgements stopped.</exception>
    public void Transfer(long packetCount)
    {
        _acknowledged = 0;
        var sent = 0u;
        using var watchdog = new Timer(_ => _channel.Wake());

        // Packets too few for an acknowledgement stay outstanding at the end; the count of the receiver shows whether they arrived.
        while (sent < packetCount || packetCount - _acknowledged >= _packetsPerAcknowledgement)
        {
            while (sent < packetCount)
            {
                var count = (int)Math.Min(_packetsPerTrain, packetCount - sent);
                if (sent + count - _acknowledged > _windowPackets)
                {
                    break;
                }

                Send(sent, count);
                sent += (uint)count;
            }

            TakeAcknowledgements(watchdog);
        }
    }

    public void Tell(CeilingPacket type)
    {
        new CeilingHeader(type, _clock.Now.WireTimestamp, 0, 0, 0).Write(_train);
        _channel.Send(new Transmit(_remote, CeilingHeader.Length, CeilingHeader.Length, false, null), _train, out _);
    }

    private void Send(uint firstSequence, int count)
    {
        var timestamp = _clock.Now.WireTimestamp;
        var payloadBytes = _datagramBytes - CeilingHeader.Length;
        for (var i = 0; i < count; i++)
        {
            var packet = _train.AsSpan(i * _datagramBytes, _datagramBytes);
            new CeilingHeader(CeilingPacket.Data, timestamp, 0, 0, firstSequence + (uint)i).Write(packet);
            if (_sourceOffset + payloadBytes > _source.Length)
            {
                _sourceOffset = 0;
            }

            _source.AsSpan(_sourceOffset, payloadBytes).CopyTo(packet[CeilingHeader.Length..]);
            _sourceOffset += payloadBytes;
        }

        var rest = _train.AsSpan(0, count * _datagramBytes);
        while (rest.Length > 0)
        {
            var outcome = _channel.Send(new Transmit(_remote, rest.Length, _datagramBytes, false, null), rest, out var bytesSent);
            rest = rest[bytesSent..];
            if (outcome == SendOutcome.WouldBlock)
            {
                _channel.WaitWritable(Patience);
            }
            else if (outcome != SendOutcome.Sent)
            {
                throw new InvalidOperationException($"Sending failed: {outcome}.");
            }
        }
    }

    private void TakeAcknowledgements(Timer watchdog)
    {
        watchdog.Change(Patience, Timeout.InfiniteTimeSpan);
        if (!_channel.Receive(_batch))
        {
            throw new InvalidOperationException(
                $"No acknowledgement for {Patience.TotalSeconds} s after packet {_acknowledged}: datagrams were lost. The kernel granted "
                    + $"{_channel.ReceiveBufferBytes} bytes of receive buffer; a smaller --window may help.");
        }

        for (var i = 0; i < _batch.Count; i++)
        {
            var train = _batch[i];
            var bytes = _batch.BytesOf(i);
            for (var offset = 0; offset < train.Length; offset += train.SegmentSize)
            {
                _acknowledged = Math.Max(_acknowledged, CeilingHeader.Read(bytes[offset..]).Sequence);
            }
        }
    }
}
