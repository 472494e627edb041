using System.Buffers;
using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Simulation.Randomness;

namespace Utp.Protocol.Tests.Resources;

/// <summary>The core allocates nothing per packet once its buffers have grown.</summary>
public sealed class AllocationTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(50, 0)]
    [InlineData(0, 30)]
    [InlineData(40, 25)]
    public void Transfer_AfterWarmUp_AllocatesNothing(int loseOneIn, int delayOneIn)
    {
        var wire = new BareWire(loseOneIn, delayOneIn);

        // Buffers grow with the window, which takes its time to find its size.
        var received = 60_000_000;
        wire.RunUntilReceived(received);

        var packets = wire.DatagramCount;
        var allocated = Allocations.SmallestOf(() => wire.RunUntilReceived(received += 10_000_000));

        Assert.True(wire.DatagramCount - packets > 8_000);
        Assert.Equal(0, allocated);
    }

    /// <summary>Two endpoints and one connection over rings of buffers made beforehand; the payload is one block, shown again and again.</summary>
    private sealed class BareWire
    {
        private const int BlockBytes = 1 << 16;
        private const int RingLength = 8_192;
        private const int DelayMicros = 5_000;

        private readonly SocketCore _a = new(new SocketSettings(), new SeededRandomSource(1));
        private readonly SocketCore _b = new(new SocketSettings(), new SeededRandomSource(2)) { IsListening = true };
        private readonly PeerAddress _addressA = PeerAddress.FromIPv4(1, 1);
        private readonly PeerAddress _addressB = PeerAddress.FromIPv4(2, 2);
        private readonly PriorityQueue<int, (long At, long Order)> _wire = new(RingLength);
        private readonly Stack<int> _free = new(Enumerable.Range(0, RingLength));
        private readonly byte[][] _bytes = [.. Enumerable.Range(0, RingLength).Select(_ => new byte[1_500])];
        private readonly int[] _lengths = new int[RingLength];
        private readonly bool[] _isToB = new bool[RingLength];
        private readonly byte[] _train = new byte[1 << 16];
        private readonly SeededRandomSource _random = new(3);
        private readonly int _loseOneIn;
        private readonly int _delayOneIn;
        private readonly Block _last;
        private readonly ConnectionCore _connection;
        private Block _front;
        private int _frontIndex;
        private Instant _now = new(1_000_000);
        private long _received;

        public BareWire(int loseOneIn, int delayOneIn)
        {
            (_loseOneIn, _delayOneIn) = (loseOneIn, delayOneIn);
            var memory = new byte[BlockBytes];
            _front = _last = new Block(memory, null);
            for (var i = 1; i < 1_280; i++)
            {
                _last = new Block(memory, _last);
            }

            _connection = _a.Connect(_now, _addressB, new ConnectionSettings { MaxFlightBytes = 300_000 })!;
            _connection.HandleSendBuffer(_now, new ReadOnlySequence<byte>(_front, 0, _last, BlockBytes), 0);
        }

        public long DatagramCount { get; private set; }

        public void RunUntilReceived(long bytes)
        {
            for (var steps = 0; _received < bytes; steps++)
            {
                Assert.True(steps < 3_000_000, "no progress");
                Drain(_a, isA: true);
                Drain(_b, isA: false);
                var next = Instant.Min(_a.NextDeadline, _b.NextDeadline);
                if (_wire.TryPeek(out _, out var at) && at.At <= next.Micros)
                {
                    _now = new Instant(Math.Max(_now.Micros, at.At));
                    Deliver(_wire.Dequeue());
                }
                else
                {
                    _now = next > _now ? next : _now;
                }
            }
        }

        private void Deliver(int slot)
        {
            _free.Push(slot);
            DatagramCount++;
            var core = _isToB[slot] ? _b : _a;
            var result = core.HandleDatagram(_now, _isToB[slot] ? _addressA : _addressB, _bytes[slot].AsSpan(0, _lengths[slot]));
            if (result.Connection is not { } connection)
            {
                return;
            }

            Consume(connection, result.PayloadLength);
            while (connection.TryTakeReordered(out var payload))
            {
                Consume(connection, payload.Length);
            }
        }

        private void Consume(ConnectionCore connection, int length)
        {
            _received += length;
            connection.HandleConsumed(_now, length);
        }

        private void Drain(SocketCore core, bool isA)
        {
            core.HandleDeadlines(_now);
            while (core.PollEvent(out var connection, out var events))
            {
                if ((events & ConnectionEvents.Acknowledged) != 0)
                {
                    Release(connection);
                }
            }

            while (core.PollTransmit(_now, _train, 16, out var transmit))
            {
                for (var offset = 0; offset < transmit.Length; offset += transmit.SegmentSize)
                {
                    Send(_train.AsSpan(offset, Math.Min(transmit.SegmentSize, transmit.Length - offset)), isA);
                }
            }
        }

        private void Release(ConnectionCore connection)
        {
            var released = connection.AcknowledgedBytes;
            var index = _frontIndex + released;
            for (; index >= BlockBytes && _front.Next is Block next; index -= BlockBytes)
            {
                _front = next;
            }

            _frontIndex = (int)index;
            connection.HandleSendBuffer(_now, new ReadOnlySequence<byte>(_front, _frontIndex, _last, BlockBytes), released);
        }

        private void Send(ReadOnlySpan<byte> datagram, bool isA)
        {
            if (_loseOneIn > 0 && _random.NextUInt32() % _loseOneIn == 0)
            {
                return;
            }

            var slot = _free.Pop();
            datagram.CopyTo(_bytes[slot]);
            (_lengths[slot], _isToB[slot]) = (datagram.Length, isA);
            var extra = _delayOneIn > 0 && _random.NextUInt32() % _delayOneIn == 0 ? 3_000 : 0;
            _wire.Enqueue(slot, (_now.Micros + DelayMicros + extra, DatagramCount));
        }

        private sealed class Block : ReadOnlySequenceSegment<byte>
        {
            public Block(byte[] memory, Block? previous)
            {
                Memory = memory;
                if (previous is not null)
                {
                    RunningIndex = previous.RunningIndex + memory.Length;
                    previous.Next = this;
                }
            }
        }
    }
}
