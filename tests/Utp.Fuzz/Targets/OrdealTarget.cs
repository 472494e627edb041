using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Simulation.Randomness;
using Utp.Transport;

namespace Utp.Fuzz.Targets;

/// <summary>
/// Two endpoints whose network and systems fail in every way that ends again: outages, loss, repetition, reordering, refused and blocked sends,
/// narrow links and paths, vanishing trains, sleep, late and forged SYNs, forged reports. In the merciful variant no interruption is as long as
/// a fifth of the idle timeout, so nothing may end and every byte must arrive. In the other one interruptions are longer, and processes are started
/// again on the same port with the ids and numbers of their first life: every byte arrives, or the application learns of an error.
/// </summary>
internal sealed class OrdealTarget(bool isMerciful) : IFuzzTarget
{
    public string Name => isMerciful ? "ordeal" : "disaster";

    public int QuickRuns => 40;

    public void Run(ulong seed) => new Ordeal(seed, isMerciful).Run();

    /// <summary>One end of a connection, and what its application has written: random bytes that no other end writes.</summary>
    private sealed class End(TestConnection connection, TestHost host, ulong seed)
    {
        private readonly SeededRandomSource _bytes = new(seed);

        public TestConnection Connection { get; } = connection;

        public TestHost Host { get; } = host;

        public List<byte> Written { get; } = [];

        public void Write(int length)
        {
            var bytes = new byte[length];
            foreach (ref var b in bytes.AsSpan())
            {
                b = (byte)_bytes.NextUInt32();
            }

            Written.AddRange(bytes);
            Connection.Write(bytes);
        }
    }

    private sealed class Ordeal
    {
        private const int Episodes = 8;
        private const double RecoverySeconds = 12;

        private readonly ulong _seed;
        private readonly bool _isMerciful;
        private readonly SeededRandomSource _random;
        private readonly TestNetwork _network;
        private readonly ConnectionSettings _settings;
        private readonly double _longestSeconds;
        private readonly List<End> _ends = [];
        private readonly List<TestDatagram> _unreachable = [];
        private TestHost _a;
        private TestHost _b;
        private bool _reportsClosedPorts;
        private int _synCount;

        private double _lossAToB;
        private double _lossBToA;
        private double _repetition;
        private int _jitterMicros;
        private int _pathBytes = int.MaxValue;
        private bool _losesFragments;

        public Ordeal(ulong seed, bool isMerciful)
        {
            _seed = seed;
            _isMerciful = isMerciful;
            _random = new SeededRandomSource(seed);
            var idleSeconds = isMerciful && Below(4) == 0 ? 0 : (isMerciful ? 40 : 20) + Below(130);
            _settings = new ConnectionSettings
            {
                IdleTimeoutMicros = idleSeconds * 1_000_000L,
                KeepAliveMicros = Below(4) == 0 ? 0 : 29_000_000,
                ReceiveBufferBytes = 6_000 + Below(200_000),
                MaxFlightBytes = 5_000 + Below(200_000),
                MtuCeilingBytes = Below(3) switch { 0 => 0, 1 => 1_472, _ => 1_000 + Below(8_000) },
                NoDelay = Below(2) == 0,
                CongestionControl = (UtpCongestionControl)Below(3),
            };
            _longestSeconds = isMerciful ? (idleSeconds == 0 ? 100 : (idleSeconds * 0.18) - 3) : idleSeconds * 1.5;
            _network = new TestNetwork { IsIPv6 = Below(4) == 0, DelayMicros = 200 + Below(150_000), Rule = Deliver };
            _network.StartAt(new Instant(Below(4) == 0 ? (1L << 32) - 3_000_000 : 1_000_000));
            _a = Start(_network.AddHost(Numbers()));
            _b = Start(_network.AddHost(Numbers()));
        }

        public void Run()
        {
            Dial();
            for (var episode = 0; episode < Episodes; episode++)
            {
                Converse();
                if (!_isMerciful && Below(4) == 0)
                {
                    Restart();
                }

                if (_ends.Count < 8 && Below(3) == 0)
                {
                    Dial();
                }

                Fail();
                Converse(isBrief: true);
                Heal();
                RunFor(_isMerciful ? RecoverySeconds + Below(10) : Below(20));
                CheckPrefixes();
            }

            CheckThatNothingHangs();
            CheckEnds();
        }

        private void Converse(bool isBrief = false)
        {
            for (var i = Below(6); i > 0; i--)
            {
                var end = _ends[Below(_ends.Count)];
                if (!end.Connection.IsClosed && !end.Host.IsGone)
                {
                    end.Write(Below(3) == 0 ? Below(60_000) : 1 + Below(3_000));
                }

                RunFor(Below(3) == 0 && !isBrief ? Below(3_000) / 1e3 : Below(100) / 1e3);
                Trouble();
            }
        }

        /// <summary>What others may send at any time.</summary>
        private void Trouble()
        {
            var syns = _network.Sent.Where(d => d.Type == PacketType.Syn).ToList();
            var some = _network.Sent[^(1 + Below(Math.Min(_network.Sent.Count, 50)))];
            if (_a.IsGone || _b.IsGone)
            {
                return;
            }

            switch (Below(6))
            {
                case 0:
                    // A late copy of a SYN, or a forged one. No number comes twice: that, and silence, is what a restart looks like.
                    var syn = syns[Below(syns.Count)];
                    HostAt(syn.To).Inject(syn.From, syn.Header with { Sequence = syn.Header.Sequence + (_isMerciful ? _synCount++ : Below(10)) });
                    break;
                case 1 when some.Type != PacketType.Syn:
                    Report(some, some.Header with { Timestamp = some.Header.Timestamp + 1 + (uint)Below(3) }, isFromPeersHost: true);
                    break;
                case 2 when some.Type != PacketType.Syn:
                    Report(some, some.Header, isFromPeersHost: false);
                    break;
                case 3:
                    HostAt(some.To).Inject(some.From, some.Bytes);
                    break;
                case 4:
                    Any().Core.Trains.IsSegmenting ^= true;
                    break;
            }
        }

        private void Report(TestDatagram about, PacketHeader quoted, bool isFromPeersHost)
        {
            var bytes = new byte[PacketHeader.Size];
            quoted.Write(bytes);
            var host = HostAt(about.From);
            host.Core.HandleUnreachable(_network.Now, about.To, isRefusal: true, bytes, isFromPeersHost);
            host.Drain();
        }

        /// <summary>One to three things go wrong at once, for a while.</summary>
        private void Fail()
        {
            for (var i = 1 + Below(3); i > 0; i--)
            {
                FailOnce();
            }

            RunFor(Below(2) == 0 ? Below(1_500) / 1e3 : Below((int)(_longestSeconds * 1e3)) / 1e3);
        }

        private void FailOnce()
        {
            var host = Any();
            switch (Below(12))
            {
                case 0:
                    (_lossAToB, _lossBToA) = Below(3) switch { 0 => (1.0, 0.0), 1 => (0.0, 1.0), _ => (1.0, 1.0) };
                    break;
                case 1:
                    (_lossAToB, _lossBToA) = (Below(50) / 100.0, Below(50) / 100.0);
                    break;
                case 2:
                    (_repetition, _jitterMicros) = (Below(50) / 100.0, Below(300_000));
                    break;
                case 3 or 4:
                    host.RefusesToSend = true;
                    break;
                case 5:
                    host.LinkLimitBytes = Below(3) == 0 ? 60 + Below(500) : 560 + Below(1_000);
                    host.RefusesFragments = Below(4) == 0;
                    break;
                case 6 or 7:
                    _pathBytes = 560 + Below(1_000);
                    _losesFragments = Below(4) == 0;
                    break;
                case 8:
                    host.LosesTrains = true;
                    break;
                case 9:
                    host.IsBlocked = true;
                    break;
                case 10:
                    host.IsGone = true;
                    break;
                default:
                    _ends[Below(_ends.Count)].Connection.ReadsEagerly = false;
                    break;
            }
        }

        private void Heal()
        {
            (_lossAToB, _lossBToA, _repetition, _jitterMicros) = (0, 0, 0, 0);
            (_pathBytes, _losesFragments) = (int.MaxValue, false);
            foreach (var host in new[] { _a, _b })
            {
                host.RefusesToSend = host.RefusesFragments = host.LosesTrains = host.IsGone = false;
                host.LinkLimitBytes = null;
                host.IsBlocked = false;
            }

            foreach (var end in _ends.Where(e => !e.Host.IsGone))
            {
                end.Connection.ReadsEagerly = true;
                if (!end.Connection.IsClosed && end.Connection.ReceivedCount > end.Connection.ConsumedCount)
                {
                    end.Connection.Consume(end.Connection.ReceivedCount - end.Connection.ConsumedCount);
                }
            }
        }

        /// <summary>
        /// A process ends without a word. Its successor has the same random numbers, and may dial. That takes longer than a packet lives:
        /// nobody can tell the answer to the first life's SYN from one to the successor's.
        /// </summary>
        private void Restart()
        {
            _reportsClosedPorts = Below(2) == 0;
            var old = Any();
            old.IsGone = true;
            RunFor(1.5 + Below(8));
            var successor = Start(_network.Restart(old, Numbers(old == _a)));
            (_a, _b) = old == _a ? (successor, _b) : (_a, successor);
            if (Below(3) > 0)
            {
                Dial(successor);
            }
        }

        private void Dial(TestHost? from = null)
        {
            from ??= Any();
            var connection = from.Connect(from == _a ? _b : _a, _settings);
            Add(connection, from).Write(Below(3) == 0 ? 0 : 8);
            RunFor(_isMerciful ? 1 : 0);
        }

        private End Add(TestConnection connection, TestHost host)
        {
            var end = new End(connection, host, (_seed * 100) + (ulong)_ends.Count);
            _ends.Add(end);
            return end;
        }

        private void RunFor(double seconds)
        {
            var until = _network.Now + (long)(seconds * 1e6);
            while (_network.Now < until)
            {
                _network.RunUntil(Instant.Min(until, _network.Now + 250_000));
                foreach (var datagram in _unreachable.Where(d => !HostAt(d.From).IsGone).ToArray())
                {
                    Report(datagram, datagram.Header, isFromPeersHost: true);
                }

                _unreachable.Clear();
                foreach (var host in new[] { _a, _b })
                {
                    foreach (var accepted in host.Accepted.Where(c => !_ends.Exists(e => e.Connection == c)).ToArray())
                    {
                        Add(accepted, host).Write(Below(2) * 8);
                    }
                }
            }
        }

        private long[] Deliver(TestDatagram datagram)
        {
            if (_reportsClosedPorts && HostAt(datagram.To).IsGone)
            {
                _unreachable.Add(datagram);
            }

            var loss = datagram.From == _a.Address ? _lossAToB : _lossBToA;
            var isTooLong = datagram.Bytes.Length > _pathBytes && (_losesFragments || !datagram.AllowFragmentation);
            if (isTooLong || _random.NextDouble() < loss)
            {
                return TestNetwork.Drop;
            }

            var delay = _jitterMicros > 0 && Below(4) == 0 ? Below(_jitterMicros) : 0;
            return _random.NextDouble() < _repetition ? [delay, Below(500_000)] : [delay];
        }

        /// <summary>What was received is the beginning of what one end at the other address has written.</summary>
        private void CheckPrefixes()
        {
            foreach (var reader in _ends.Where(e => e.Connection.ReceivedCount > 0))
            {
                var received = reader.Connection.Received;
                var writers = _ends.Where(w => w.Host.Address != reader.Host.Address).ToList();
                if (!writers.Exists(w => w.Written.Count >= received.Length && w.Written.GetRange(0, received.Length).SequenceEqual(received)))
                {
                    var matching = writers.Max(w => w.Written.Zip(received).TakeWhile(p => p.First == p.Second).Count());
                    Assert.Fail(
                        $"of {received.Length} bytes received only {matching} are the beginning of a stream; "
                        + $"{reader.Host.Address} {reader.Connection.Core.ReceiveId} {reader.Connection.Core.State}\n{LastPackets()}");
                }
            }
        }

        /// <summary>The network is whole and both ends read: whatever is written is acknowledged soon, or the application learns that it is lost.</summary>
        private void CheckThatNothingHangs()
        {
            RunFor(_isMerciful ? 120 : 60 + (_settings.IdleTimeoutMicros / 1e6));
            foreach (var end in _ends.Where(e => !e.Host.IsGone))
            {
                var connection = end.Connection;
                Assert.True(
                    connection.IsClosed || connection.ReleasedCount == end.Written.Count,
                    $"{connection.ReleasedCount} of {end.Written.Count} bytes acknowledged after everything healed; {connection.Core.Statistics}");
                if (_isMerciful && connection.IsClosed)
                {
                    Assert.Fail(
                        $"a living connection ended at {connection.ClosedAt}: {connection.Core.CloseReason}, {connection.Core.Evidence}; "
                        + $"{connection.Core.ReceiveId}\n{LastPackets()}");
                }
            }

            CheckPrefixes();
        }

        private void CheckEnds()
        {
            foreach (var end in _ends.Where(e => !e.Host.IsGone && !e.Connection.IsClosed))
            {
                end.Connection.Finish();
            }

            RunFor(60);
            if (_isMerciful)
            {
                foreach (var reader in _ends)
                {
                    Assert.Equal(UtpCloseReason.Graceful, reader.Connection.Core.CloseReason);
                    var received = reader.Connection.Received;
                    Assert.True(
                        received.Length == 0 || _ends.Exists(w => w.Written.SequenceEqual(received)),
                        $"{received.Length} bytes at the end of a stream are not all that was written");
                }

                Assert.Equal(_ends.Sum(e => e.Written.Count), _ends.Sum(e => e.Connection.ReceivedCount));
            }

            foreach (var end in _ends.Where(e => !e.Host.IsGone && !e.Connection.IsClosed))
            {
                end.Connection.Close();
            }

            RunFor(100);
            foreach (var host in new[] { _a, _b })
            {
                Assert.Equal((0, 0, Instant.Never), (host.Core.ConnectionCount, host.Core.HalfOpenCount, host.Core.NextDeadline));
            }
        }

        private string LastPackets() => string.Join('\n', _network.Sent.TakeLast(60).Select(d => $"{(d.From == _a.Address ? 'A' : 'B')} {d}"));

        private TestHost Start(TestHost host)
        {
            host.Core.IsListening = true;
            host.Core.AcceptedConnections = _settings;
            host.MaxSegments = 1 + Below(32);
            return host;
        }

        /// <summary>The same for both lives of a host: its first connection has the same ids and numbers. Some are close to where numbers wrap.</summary>
        private ScriptedRandomSource Numbers(bool isFirst = true)
        {
            var random = new SeededRandomSource(_seed + (isFirst ? 0UL : 1UL));
            var isNearWrap = _seed % 2 == 0;
            return new ScriptedRandomSource(random.NextUInt32() & 0x7FFF, isNearWrap ? 0xFFFF - (random.NextUInt32() % 20) : random.NextUInt32());
        }

        private TestHost Any() => Below(2) == 0 ? _a : _b;

        private TestHost HostAt(PeerAddress address) => address == _a.Address ? _a : _b;

        private int Below(int bound) => (int)(_random.NextUInt32() % (uint)Math.Max(1, bound));
    }
}
