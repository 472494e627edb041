using System.Buffers;
using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Sockets;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Time;
using Utp.Simulation.Randomness;

namespace Utp.Protocol.Tests.Resources;

/// <summary>What the core keeps for a connection that has spoken once and waits: tens of thousands of them are to fit.</summary>
[Collection(Alone.Name)]
public sealed class IdleMemoryTests
{
    private const int Count = 4_000;

    /// <summary>Both ends of a connection, tables and timers included, with what one message each way leaves behind.</summary>
    private const int MaxBytesPerEnd = 1_100;

    [Fact]
    public void Connection_AfterOneMessageEachWay_KeepsLittle()
    {
        Measure(100);

        Assert.InRange(Measure(Count), 1, MaxBytesPerEnd);
    }

    private static long Measure(int count)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var crowd = new Crowd(count);
        crowd.ExchangeMessages();
        crowd.Rest();
        var after = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(crowd);
        return (after - before) / (2 * count);
    }

    /// <summary>Two endpoints that hand each other datagrams through memory.</summary>
    private sealed class Crowd
    {
        private const int MessageBytes = 64;
        private static readonly byte[] Buffer = new byte[2_048];
        private static readonly Block Message = new(new byte[MessageBytes]);
        private static readonly PeerAddress Dialler = PeerAddress.FromIPv4(0x0A000001, 1);
        private static readonly PeerAddress Listener = PeerAddress.FromIPv4(0x0A000002, 2);

        private readonly SocketCore _dialling = new(new SocketSettings(), new SeededRandomSource(1));
        private readonly SocketCore _listening = new(new SocketSettings { MaxHalfOpenPerAddress = Count }, new SeededRandomSource(2)) { IsListening = true };
        private readonly List<ConnectionCore> _dialled;
        private readonly List<ConnectionCore> _accepted;
        private Instant _now = new(1_000_000);

        public Crowd(int count)
        {
            (_dialled, _accepted) = (new(count), new(count));
            for (var i = 0; i < count; i++)
            {
                _dialled.Add(_dialling.Connect(_now, Listener)!);
                Exchange();
            }

            Assert.Equal(count, _accepted.Count);
        }

        public void ExchangeMessages()
        {
            foreach (var connection in _dialled.Concat(_accepted))
            {
                connection.HandleSendBuffer(_now, new ReadOnlySequence<byte>(Message, 0, Message, MessageBytes), 0);
                Exchange();
                _now += ConnectionSettings.Default.AckDelayMicros;
                Exchange();
                Assert.Equal(MessageBytes, connection.AcknowledgedBytes);
                connection.HandleSendBuffer(_now, default, MessageBytes);
            }
        }

        /// <summary>Past the first keepalives, which is when an idle connection lets go of what it need not keep.</summary>
        public void Rest()
        {
            for (var end = _now + (2 * ConnectionSettings.Default.KeepAliveMicros); _now < end;)
            {
                _now = Instant.Min(end, Instant.Min(_dialling.NextDeadline, _listening.NextDeadline));
                Exchange();
            }
        }

        private void Exchange()
        {
            for (var isBusy = true; isBusy;)
            {
                isBusy = Drain(_dialling, _listening, Dialler) | Drain(_listening, _dialling, Listener);
            }
        }

        private bool Drain(SocketCore from, SocketCore to, PeerAddress address)
        {
            from.HandleDeadlines(_now);
            while (from.PollEvent(out var connection, out var events))
            {
                if (events.HasFlag(ConnectionEvents.Accepted))
                {
                    _accepted.Add(connection);
                    from.ReleaseBacklog();
                }
            }

            var any = false;
            for (; from.PollTransmit(_now, Buffer, 1, out var transmit); any = true)
            {
                _now += 10;
                var result = to.HandleDatagram(_now, address, Buffer.AsSpan(0, transmit.Length));
                if (result.PayloadLength > 0)
                {
                    result.Connection!.HandleConsumed(_now, result.PayloadLength);
                }
            }

            return any;
        }

        private sealed class Block : ReadOnlySequenceSegment<byte>
        {
            public Block(byte[] bytes) => Memory = bytes;
        }
    }
}
