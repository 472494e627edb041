using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Sockets;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Simulation.Randomness;

namespace Utp.Fuzz.Targets;

/// <summary>
/// Two endpoints and their connections, driven by random verbs, time steps and a network that loses, repeats, delays and replays. In the honest
/// variant every byte must arrive unchanged; in the hostile one packets are forged as well, and only the core's own statements must hold. In
/// both, everything ends in bounded time once the applications have closed.
/// </summary>
internal sealed class ConnectionTarget(bool isHostile) : IFuzzTarget
{
    private const int Steps = 120;

    /// <summary>Idle timeout and linger, or the half-open timeout; and what a window probe or a last retransmission may add.</summary>
    private const double EndSeconds = 75;

    public string Name => isHostile ? "hostile" : "connection";

    public int QuickRuns => 150;

    public void Run(ulong seed) => new Session(seed, isHostile).Run();

    private sealed class Session
    {
        private readonly SeededRandomSource _random;
        private readonly PacketMutator _mutator;
        private readonly bool _isHostile;
        private readonly TestPair _pair;
        private readonly ConnectionSettings _settings;
        private readonly List<(TestConnection Connection, List<byte> Written)> _dialled = [];
        private readonly List<(TestConnection Connection, List<byte> Written)> _accepted = [];
        private readonly HashSet<TestConnection> _readNoFurther = [];
        private double _loss;
        private int _jitterMicros;

        public Session(ulong seed, bool isHostile)
        {
            _random = new SeededRandomSource(seed);
            _mutator = new PacketMutator(_random);
            _isHostile = isHostile;
            _settings = new ConnectionSettings
            {
                ReceiveBufferBytes = 6_000 + Below(100_000),
                MaxFlightBytes = 5_000 + Below(200_000),
                NoDelay = Below(2) == 0,
                AckDelayMicros = Below(3) * 10_000,
                IdleTimeoutMicros = 60_000_000,
            };
            _pair = new TestPair(_settings, seed, connect: false, start: new Instant(Below(4) == 0 ? (1L << 32) - 3_000_000 : 1_000_000));
            _pair.A.Core.IsListening = true;
            _pair.A.Core.AcceptedConnections = _settings;
            _pair.Network.DelayMicros = 200 + Below(60_000);
            _pair.Network.Rule = Deliver;
        }

        private TestNetwork Network => _pair.Network;

        public void Run()
        {
            Dial(_pair.A, _pair.B);
            for (var step = 0; step < Steps; step++)
            {
                Step();
                Adopt();
                CheckBounds();
            }

            End();
            CheckOutcome();
        }

        private void Step()
        {
            switch (Below(24))
            {
                case <= 4:
                    Write(Below(3) == 0 ? Below(40_000) : Below(3_000));
                    break;
                case <= 9:
                    Network.Run(Below(60_000) / 1e6);
                    break;
                case 10:
                    Network.Run(Below(40) == 0 ? 100 : Below(5_000_000) / 1e6);
                    break;
                case 11:
                    (_loss, _jitterMicros) = (Below(3) == 0 ? 0 : Below(30) / 100.0, Below(2) == 0 ? 0 : Below(60_000));
                    break;
                case 12:
                    Any()?.ReadsEagerly ^= true;
                    break;
                case 13:
                    ConsumeAll(Any());
                    break;
                case 14 when Below(2) == 0:
                    Host().RefusesToSend ^= true;
                    break;
                case 14:
                    Host().IsBlocked ^= true;
                    break;
                case 15 when Below(4) == 0:
                    Host().Core.Trains.IsSegmenting ^= true;
                    break;
                case 15:
                    Host().LinkLimitBytes = Below(3) == 0 ? null : (Below(8) == 0 ? 60 : 560) + Below(1_000);
                    break;
                case 16 or 17:
                    Replay();
                    break;
                case 18 when Below(4) == 0:
                    EndOne();
                    break;
                case 19 when Below(3) == 0 && _dialled.Count < 5:
                    var from = Host();
                    Dial(from, Below(8) == 0 ? from : Other(from));
                    break;
                case >= 20 when _isHostile:
                    Forge();
                    break;
                default:
                    Network.Run(Below(3_000) / 1e6);
                    break;
            }
        }

        private long[] Deliver(TestDatagram datagram)
        {
            if (_random.NextDouble() < _loss)
            {
                return TestNetwork.Drop;
            }

            var delay = _jitterMicros > 0 && Below(4) == 0 ? Below(_jitterMicros) : 0;
            return _loss > 0 && Below(20) == 0 ? [delay, Below(100_000)] : [delay];
        }

        private void Dial(TestHost from, TestHost to) => _dialled.Add((from.Connect(to, _settings), []));

        private void Write(int length)
        {
            if (_dialled.Count + _accepted.Count == 0)
            {
                return;
            }

            var (connection, written) = Pick();
            if (!connection.IsClosed && !connection.HasEnded)
            {
                var bytes = TestPair.Pattern(length, written.Count);
                written.AddRange(bytes);
                connection.Write(bytes);
            }
        }

        private void EndOne()
        {
            if (Any() is not { } connection)
            {
                return;
            }

            connection.HasEnded = true;
            switch (Below(4))
            {
                case 0:
                    Close(connection);
                    break;
                case 1 when Below(2) == 0:
                    connection.Abort();
                    break;
                default:
                    connection.Finish();
                    break;
            }
        }

        /// <summary>What a closed connection receives is dropped: it may end with less than was sent to it.</summary>
        private void Close(TestConnection connection)
        {
            if (!connection.PeerFinished)
            {
                _readNoFurther.Add(connection);
            }

            connection.Close();
        }

        /// <summary>An old packet once more, as networks do.</summary>
        private void Replay()
        {
            if (Network.Sent.Count > 0)
            {
                var old = Network.Sent[^(1 + Below(Math.Min(Network.Sent.Count, 200)))];
                HostAt(old.To).Inject(old.From, old.Bytes);
            }
        }

        private void Forge()
        {
            var model = Network.Sent[^(1 + Below(Math.Min(Network.Sent.Count, 200)))];
            var host = HostAt(model.To);
            switch (Below(10))
            {
                case 0:
                    host.Core.HandleUnreachable(Network.Now, model.To, isRefusal: true, _mutator.Mutate(model.Bytes));
                    break;
                case 8:
                    HostAt(model.From).Core.HandleUnreachable(
                        Network.Now, model.To, isRefusal: true, Below(2) == 0 ? model.Bytes : _mutator.Mutate(model.Bytes), isFromPeersHost: true);
                    break;
                case 9:
                    ForgeSyn();
                    break;
                case 1:
                    var size = 20 + Below(1_500);
                    host.Core.HandleMessageTooLong(Network.Now, new Transmit(model.From, size, size, Below(2) == 0, Any()?.Core));
                    break;
                case <= 4:
                    host.Inject(model.From, _mutator.Mutate(model.Bytes));
                    break;
                case 5:
                    host.Inject(model.From, Below(2) == 0 ? _mutator.Noise() : _mutator.Chain());
                    break;
                default:
                    host.Inject(model.From, _mutator.NearTo(model.Header.ConnectionId, model.Header.Sequence, model.Header.Acknowledgement));
                    break;
            }

            host.Drain();
        }

        /// <summary>A late or conflicting SYN for a connection that may have got far, or the report of a send that the system refused.</summary>
        private void ForgeSyn()
        {
            var syns = Network.Sent.Where(d => d.Type == PacketType.Syn).ToList();
            var syn = syns[Below(syns.Count)];
            if (Any() is { } connection && Below(2) == 0)
            {
                HostAt(syn.To).Core.HandleSendRefused(Network.Now, new Transmit(syn.From, 100, 100, AllowFragmentation: false, connection.Core));
            }

            HostAt(syn.To).Inject(syn.From, syn.Header with { Sequence = syn.Header.Sequence + (Below(3) == 0 ? Below(50) : 0) });
        }

        private void Adopt()
        {
            foreach (var connection in _pair.A.Accepted.Concat(_pair.B.Accepted))
            {
                if (!_accepted.Exists(a => a.Connection == connection))
                {
                    _accepted.Add((connection, []));
                }
            }
        }

        private void CheckBounds()
        {
            foreach (var host in new[] { _pair.A, _pair.B })
            {
                Assert.InRange(host.Core.ConnectionCount, 0, 5_000);
                Assert.True(host.Core.NextDeadline.IsNever || host.Core.NextDeadline - Network.Now < 200_000_000, "a deadline beyond every timeout");
            }

            foreach (var (connection, _) in _dialled.Concat(_accepted))
            {
                // What fills a gap is let in beside a window full of what is behind it; so twice the buffer, and no more.
                var unread = connection.ReceivedCount - connection.ConsumedCount;
                Assert.True(unread <= 2 * _settings.ReceiveBufferBytes, $"{unread} bytes unread in a buffer of {_settings.ReceiveBufferBytes}");
                Assert.True(connection.Core.Statistics.FlightBytes <= _settings.MaxFlightBytes + 3_000, "more in flight than allowed");
            }
        }

        /// <summary>The network heals, the applications read and close; nothing may remain.</summary>
        private void End()
        {
            (_loss, _jitterMicros) = (0, 0);
            _pair.A.RefusesToSend = _pair.B.RefusesToSend = false;
            _pair.A.IsBlocked = _pair.B.IsBlocked = false;
            _pair.A.LinkLimitBytes = _pair.B.LinkLimitBytes = null;
            foreach (var (connection, _) in _dialled.Concat(_accepted))
            {
                connection.ReadsEagerly = true;
                ConsumeAll(connection);
                connection.Finish();
            }

            Network.Run(30);
            Adopt();
            foreach (var (connection, _) in _dialled.Concat(_accepted))
            {
                Close(connection);
            }

            Network.Run(EndSeconds);
        }

        private void CheckOutcome()
        {
            foreach (var host in new[] { _pair.A, _pair.B })
            {
                Assert.Equal((0, 0, Instant.Never), (host.Core.ConnectionCount, host.Core.HalfOpenCount, host.Core.NextDeadline));
                Assert.Equal(host.Core.Statistics.ConnectionsOpened, host.Core.Statistics.ConnectionsReleased);
            }

            Assert.All(_dialled.Concat(_accepted), c => Assert.True(c.Connection.IsReleased));
            if (!_isHostile)
            {
                CheckIntegrity();
            }
        }

        /// <summary>Whoever received something received the beginning of what one peer wrote, and all of it if that peer's end was reached.</summary>
        private void CheckIntegrity()
        {
            foreach (var (reader, _) in _dialled.Concat(_accepted).Where(c => c.Connection.ReceivedCount > 0))
            {
                var received = reader.Received;
                var isWhole = reader.PeerFinished && !_readNoFurther.Contains(reader);
                var writers = _dialled.Concat(_accepted).Where(w => w.Connection != reader && w.Written.Count >= received.Length);
                Assert.Contains(
                    writers,
                    w => w.Written.GetRange(0, received.Length).SequenceEqual(received) && (!isWhole || w.Written.Count == received.Length));
            }
        }

        private static void ConsumeAll(TestConnection? connection)
        {
            if (connection is { IsClosed: false } && connection.ReceivedCount > connection.ConsumedCount)
            {
                connection.Consume(connection.ReceivedCount - connection.ConsumedCount);
            }
        }

        private (TestConnection Connection, List<byte> Written) Pick()
        {
            var index = Below(_dialled.Count + _accepted.Count);
            return index < _dialled.Count ? _dialled[index] : _accepted[index - _dialled.Count];
        }

        private TestConnection? Any() => _dialled.Count + _accepted.Count == 0 ? null : Pick().Connection;

        private TestHost Host() => Below(2) == 0 ? _pair.A : _pair.B;

        private TestHost Other(TestHost host) => host == _pair.A ? _pair.B : _pair.A;

        private TestHost HostAt(PeerAddress address) => address == _pair.A.Address ? _pair.A : _pair.B;

        private int Below(int bound) => _mutator.Below(bound);
    }
}
