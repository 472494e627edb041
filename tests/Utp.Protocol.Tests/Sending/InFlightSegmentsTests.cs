using CsCheck;
using Utp.Protocol.Sending;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Sending;

public sealed class InFlightSegmentsTests
{
    /// <summary>Any sequence of operations leaves the ring equal to a list that knows no wrap and links nothing.</summary>
    [Fact]
    public void AnyOperations_AgreeWithANaiveModel() => Gen.Select(Gen.UShort, Gen.Select(Gen.Int[0, 9], Gen.Int[0, 1_000]).Array[0, 300]).Sample(
        (start, operations) =>
        {
            var segments = new InFlightSegments(new(start));
            var model = new Model(new(start));
            for (var time = 0; time < operations.Length; time++)
            {
                Apply(ref segments, model, operations[time], new Instant(time));
                segments.CheckInvariants(out var bytes);
                model.AssertEqual(segments, bytes);
            }
        },
        iter: 150, threads: 1);

    [Fact]
    public void ReleaseIfEmpty_WithSegments_KeepsThem()
    {
        var segments = new InFlightSegments(new(3));
        segments.Add(SegmentKind.Data, default, 10, new(1));

        segments.ReleaseIfEmpty();

        segments.CheckInvariants(out var bytes);
        Assert.Equal((1, 10), (segments.Count, bytes));
    }

    private static void Apply(ref InFlightSegments segments, Model model, (int Verb, int Argument) operation, Instant now)
    {
        var (verb, argument) = operation;
        var chosen = model.Items.Count > 0 ? model.Items[argument % model.Items.Count] : null;
        switch (verb)
        {
            case <= 4:
                var number = segments.Add(SegmentKind.Data, default, argument, now);
                Assert.Equal(model.Next, number);
                model.Items.Add(new Item(number, argument) { Order = model.NextOrder() });
                break;
            case 5 when chosen is { State: SegmentState.InFlight }:
                segments.MarkLost(chosen.Number);
                chosen.State = SegmentState.Lost;
                break;
            case 6 when chosen is { State: not SegmentState.Acknowledged } && chosen != model.Items[0]:
                segments.MarkAcknowledged(chosen.Number);
                chosen.State = SegmentState.Acknowledged;
                break;
            case 7 when chosen is { State: not SegmentState.Acknowledged }:
                segments.Retransmit(chosen.Number, now);
                (chosen.State, chosen.Order) = (SegmentState.InFlight, model.NextOrder());
                break;
            case >= 8:
                RemoveFirst(ref segments, model);
                segments.ReleaseIfEmpty();
                break;
        }
    }

    /// <summary>The cumulative acknowledgement passes one, and whatever had been acknowledged behind it.</summary>
    private static void RemoveFirst(ref InFlightSegments segments, Model model)
    {
        do
        {
            if (model.Items.Count == 0)
            {
                return;
            }

            var isNew = segments.RemoveFirst(out var removed);
            Assert.Equal((model.Items[0].Length, model.Items[0].State != SegmentState.Acknowledged), (removed.Length, isNew));
            model.First = model.Items[0].Number + 1;
            model.Items.RemoveAt(0);
        }
        while (model.Items.Count > 0 && model.Items[0].State == SegmentState.Acknowledged);
    }

    private sealed record Item(SequenceNumber Number, int Length)
    {
        public SegmentState State { get; set; }

        public int Order { get; set; }
    }

    private sealed class Model(SequenceNumber first)
    {
        private int _order;

        public List<Item> Items { get; } = [];

        public SequenceNumber First { get; set; } = first;

        public SequenceNumber Next => First + Items.Count;

        public int NextOrder() => _order++;

        public void AssertEqual(in InFlightSegments segments, long bytes)
        {
            Assert.Equal((First, Next, Items.Count), (segments.First, segments.Next, segments.Count));
            Assert.Equal(Items.Sum(i => i.Length), bytes);
            Assert.Equal(In(SegmentState.InFlight).Sum(i => i.Length), segments.FlightBytes);
            Assert.Equal(In(SegmentState.Lost).Sum(i => i.Length), segments.LostBytes);
            Assert.Equal((In(SegmentState.Lost).Count(), In(SegmentState.Acknowledged).Count()), (segments.LostCount, segments.AcknowledgedCount));
            Assert.Equal(In(SegmentState.InFlight).Any(), segments.HasFlight);
            if (segments.HasFlight)
            {
                Assert.Equal(In(SegmentState.InFlight).MinBy(i => i.Order)!.Number, segments.NumberOf(segments.OldestInFlight));
            }

            var copy = segments;
            Assert.Equal(In(SegmentState.Lost).Any(), copy.TryGetFirstLost(out var lost));
            if (segments.LostCount > 0)
            {
                Assert.Equal(In(SegmentState.Lost).First().Number, lost);
            }

            Assert.Equal((Items.Count > 0, false), (segments.Contains(First), segments.Contains(Next)));
        }

        private IEnumerable<Item> In(SegmentState state) => Items.Where(i => i.State == state);
    }
}
