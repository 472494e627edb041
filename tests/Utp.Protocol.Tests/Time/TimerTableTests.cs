using CsCheck;
using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Simulation.Randomness;

namespace Utp.Protocol.Tests.Time;

public sealed class TimerTableTests
{
    private static readonly SocketCore Endpoint = new(new SocketSettings(), new SeededRandomSource(1));

    [Fact]
    public void AnyOperations_AgreeWithASortedList() => Gen.Select(Gen.Int[0, 3], Gen.Int[0, 19], Gen.Int[0, 100]).Array[0, 200].Sample(
        operations =>
        {
            var connections = Enumerable.Range(0, 20).Select(_ => NewConnection()).ToArray();
            var table = new TimerTable();
            var model = new Dictionary<ConnectionCore, long>();
            foreach (var (verb, index, time) in operations)
            {
                var connection = connections[index];
                switch (verb)
                {
                    case 0 or 1:
                        table.Schedule(connection, new(time));
                        model[connection] = time;
                        break;
                    case 2:
                        table.Remove(connection);
                        model.Remove(connection);
                        break;
                    default:
                        TakeDue(table, model, time);
                        break;
                }

                table.CheckInvariants();
                Assert.Equal(model.Count, table.Count);
                Assert.Equal(model.Count == 0 ? Instant.Never : new(model.Values.Min()), table.NextDeadline);
            }

            TakeDue(table, model, 1_000);
            Assert.Equal((0, 0), (table.Count, model.Count));
        },
        iter: 500, threads: 1);

    [Fact]
    public void Schedule_Later_MovesTheEntry()
    {
        var table = new TimerTable();
        var connection = NewConnection();
        table.Schedule(connection, new(10));

        table.Schedule(connection, new(20));

        Assert.Equal((1, new Instant(20)), (table.Count, table.NextDeadline));
    }

    [Fact]
    public void Schedule_NeverAfterATime_RemovesTheEntry()
    {
        var table = new TimerTable();
        var connection = NewConnection();
        table.Schedule(connection, new(10));

        table.Schedule(connection, Instant.Never);

        Assert.Equal((0, Instant.Never), (table.Count, table.NextDeadline));
    }

    [Fact]
    public void Schedule_Never_MakesNoEntry()
    {
        var table = new TimerTable();

        table.Schedule(NewConnection(), Instant.Never);

        Assert.Equal((0, Instant.Never), (table.Count, table.NextDeadline));
    }

    private static void TakeDue(TimerTable table, Dictionary<ConnectionCore, long> model, long now)
    {
        var last = long.MinValue;
        while (table.TryTakeDue(new(now), out var connection))
        {
            Assert.True(model.Remove(connection, out var deadline));
            Assert.InRange(deadline, last, now);
            last = deadline;
        }

        Assert.DoesNotContain(model.Values, v => v <= now);
    }

    private static ConnectionCore NewConnection() => new(Endpoint, PeerAddress.FromIPv4(1, 1), ConnectionSettings.Default, isInitiator: true, Instant.Zero);
}
