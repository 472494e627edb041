using Utp.Protocol.Connections;
using Utp.Protocol.Sockets;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Time;
using Utp.Transport;

namespace Utp.Protocol.Tests.Close;

/// <summary>
/// Every way to end, by either side, after every datagram of a short conversation, with every single datagram lost in turn, or none. Each ends
/// within its bound, keeps what was delivered, and leaves nothing behind.
/// </summary>
public sealed class CloseInterleavingTests
{
    private const int LastStep = 18;
    private const int LastDropped = 22;
    private const long LateMicros = 5_000_000;

    /// <summary>Both have said everything by then: what comes after is one more step.</summary>
    private static readonly Instant QuietAt = new(6_000_000);

    private static readonly ConnectionSettings Settings = new() { IdleTimeoutMicros = 40_000_000 };

    public enum Ending
    {
        Close,
        Finish,
        Abort,
        Vanish,
    }

    public enum Reaction
    {
        /// <summary>Closes when the peer has finished.</summary>
        ClosesInTurn,

        /// <summary>Has finished from the start, and closes when the peer has finished.</summary>
        HasFinished,

        /// <summary>Does nothing until it is told that the connection has ended, or closes after five seconds.</summary>
        ClosesLate,
    }

    public static IEnumerable<object[]> Cases { get; } =
        from ending in Enum.GetValues<Ending>()
        from initiatorEnds in new[] { true, false }
        from reaction in Enum.GetValues<Reaction>()
        select new object[] { ending, initiatorEnds, reaction };

    [Theory]
    [MemberData(nameof(Cases))]
    public void EveryInterleaving_EndsInTime_KeepsBytes_LeavesNothing(Ending ending, bool initiatorEnds, Reaction reaction)
    {
        for (var step = 0; step <= LastStep; step++)
        {
            for (var dropped = -1; dropped <= LastDropped; dropped++)
            {
                var run = new Conversation(ending, initiatorEnds, reaction, step, dropped);
                try
                {
                    run.Execute();
                    run.AssertOutcome();
                }
                catch (Exception exception) when (exception is not OutOfMemoryException)
                {
                    throw new Xunit.Sdk.XunitException(
                        $"step {step}, dropped {dropped}: {exception.Message}\n{string.Join('\n', run.Network.Sent.Take(60))}", exception);
                }
            }
        }
    }

    private sealed class Conversation
    {
        private static readonly byte[] There = TestPair.Pattern(3_000, 1);
        private static readonly byte[] Back = TestPair.Pattern(2_500, 2);

        private readonly Ending _ending;
        private readonly bool _initiatorEnds;
        private readonly Reaction _reaction;
        private readonly int _step;
        private readonly TestHost _a;
        private readonly TestHost _b;
        private readonly TestConnection _initiator;
        private TestConnection? _acceptor;
        private Instant _endedAt = Instant.Never;
        private bool _closedByReaction;
        private bool _reactorClosedLate;

        public Conversation(Ending ending, bool initiatorEnds, Reaction reaction, int step, int dropped)
        {
            (_ending, _initiatorEnds, _reaction, _step) = (ending, initiatorEnds, reaction, step);
            var index = 0;
            Network.Rule = _ => index++ == dropped ? TestNetwork.Drop : TestNetwork.Deliver;
            _a = Network.AddHost();
            _b = Network.AddHost(1, new SocketSettings { AcceptedConnections = Settings, HalfOpenTimeoutMicros = 20_000_000 });
            _b.Core.IsListening = true;
            Network.WakeAt(QuietAt);
            _initiator = _a.Connect(_b, Settings);
            _initiator.Write(There);
            if (!initiatorEnds && reaction == Reaction.HasFinished)
            {
                _initiator.Finish();
            }
        }

        public TestNetwork Network { get; } = new();

        private TestConnection? Actor => _initiatorEnds ? _initiator : _acceptor;

        private TestConnection? Reactor => _initiatorEnds ? _acceptor : _initiator;

        private TestHost ActorHost => _initiatorEnds ? _a : _b;

        private TestHost ReactorHost => _initiatorEnds ? _b : _a;

        /// <summary>Idle timeout of whoever is left alone, then its linger and its last wait.</summary>
        public void Execute() => Network.RunWhile(
            () =>
            {
                Accept();
                End();
                React();
                return ReactorHost.Core.ConnectionCount > 0
                    || (_ending != Ending.Vanish && ActorHost.Core.ConnectionCount > 0)
                    || (_endedAt.IsNever && Actor is { IsReleased: false });
            },
            atMostSeconds: 40 + 20 + 13);

        public void AssertOutcome()
        {
            Assert.True(Reactor is null or { IsReleased: true });
            Assert.True(_ending == Ending.Vanish || Actor is null or { IsReleased: true });
            AssertIntact(_initiator, _acceptor, There);
            if (_acceptor is not null)
            {
                AssertIntact(_acceptor, _initiator, Back);
            }

            if (Actor is { } actor && !_endedAt.IsNever)
            {
                AssertActor(actor);
            }

            foreach (var host in new[] { _a, _b }.Where(h => !h.IsGone))
            {
                Assert.Equal((0, 0, Instant.Never), (host.Core.ConnectionCount, host.Core.HalfOpenCount, host.Core.NextDeadline));
                Assert.Equal(host.Core.Statistics.ConnectionsOpened, host.Core.Statistics.ConnectionsReleased);
            }
        }

        private void Accept()
        {
            if (_acceptor is not null || _b.Accepted.Count == 0)
            {
                return;
            }

            _acceptor = _b.Accepted[0];
            _acceptor.Write(Back);
            if (_initiatorEnds && _reaction == Reaction.HasFinished)
            {
                _acceptor.Finish();
            }
        }

        private void End()
        {
            if (!_endedAt.IsNever || Actor is not { } actor || (Network.Sent.Count < _step && Network.Now < QuietAt))
            {
                return;
            }

            _endedAt = Network.Now;
            Network.WakeAt(_endedAt + LateMicros);
            switch (_ending)
            {
                case Ending.Close:
                    actor.Close();
                    break;
                case Ending.Finish:
                    actor.Finish();
                    break;
                case Ending.Abort:
                    actor.Abort();
                    break;
                case Ending.Vanish:
                    ActorHost.IsGone = true;
                    break;
            }
        }

        private void React()
        {
            if (Reactor is { IsClosed: false, IsConnected: true } reactor && !_closedByReaction)
            {
                var isLate = _reaction == Reaction.ClosesLate && !_endedAt.IsNever && Network.Now - _endedAt >= LateMicros;
                if (isLate || (reactor.PeerFinished && _reaction != Reaction.ClosesLate))
                {
                    _closedByReaction = true;
                    _reactorClosedLate = isLate && !reactor.PeerFinished;
                    reactor.Close();
                }
            }

            if (_ending == Ending.Finish && Actor is { PeerFinished: true, IsClosed: false } actor)
            {
                actor.Close();
            }
        }

        /// <summary>What arrived is a beginning of what was written; what was acknowledged has arrived; a graceful end means all of it.</summary>
        private void AssertIntact(TestConnection writer, TestConnection? reader, byte[] written)
        {
            var received = reader?.Received ?? [];
            Assert.True(written.AsSpan().StartsWith(received), "what was received is not what was sent");
            Assert.True(writer.ReleasedCount <= (reader?.Core.Statistics.BytesReceived ?? 0), "acknowledged and never received");
            var readerStayed = reader == Reactor ? !_reactorClosedLate : _ending == Ending.Finish;
            if (readerStayed && writer.Core.CloseReason == UtpCloseReason.Graceful)
            {
                Assert.Equal(written.Length, received.Length);
            }

            if (reader is { PeerFinished: true } && readerStayed)
            {
                Assert.Equal(written.Length, received.Length);
            }
        }

        private void AssertActor(TestConnection actor)
        {
            switch (_ending)
            {
                case Ending.Abort:
                    Assert.True(actor.Core.CloseReason is UtpCloseReason.LocalAbort or UtpCloseReason.Graceful or UtpCloseReason.PeerReset);
                    Assert.Equal(_endedAt, actor.ClosedAt < _endedAt ? _endedAt : actor.ClosedAt);
                    break;
                case Ending.Close when actor.ClosedAt > _endedAt:
                    Assert.Equal(UtpCloseReason.Graceful, actor.Core.CloseReason);
                    Assert.InRange(actor.ClosedAt - _endedAt, 0, Settings.LingerMicros);
                    break;
                case Ending.Finish when _reaction != Reaction.ClosesLate:
                    Assert.Equal(UtpCloseReason.Graceful, actor.Core.CloseReason);
                    Assert.InRange(actor.ClosedAt - _endedAt, 0, 15_000_000);
                    break;
            }
        }
    }
}
