using CsCheck;
using Utp.Protocol.Sending;
using Utp.Protocol.Time;

namespace Utp.Protocol.Tests.Sending;

public sealed class PacerTests
{
    private const int PacketBytes = 1_252;

    /// <summary>
    /// Whatever the rate, and however coarse the timer, the rate is kept within a burst and a packet. A timer that ticks about as slowly as the
    /// bucket is deep (16 ms) costs up to one packet more for each tick: what is left in the bucket overflows.
    /// </summary>
    [Fact]
    public void Rate_OverManySecondsOfWaitingAsTold_IsKept() => Gen.Select(Gen.Int[10_000, 200_000_000], Gen.Int[1, 16_000]).Sample(
        (rate, quantum) =>
        {
            var pacer = default(Pacer);
            var start = Instant.FromSeconds(100);
            var now = start;
            var end = start + (long)Math.Min(10_000_000, 2_000.0 * PacketBytes * 1e6 / rate);
            var sent = 0L;
            var ticks = 0;
            while (now < end)
            {
                if (pacer.TrySpend(now, PacketBytes, rate, out var readyAt))
                {
                    sent += PacketBytes;
                    continue;
                }

                Assert.True(readyAt > now, "a deadline in the past");
                now = new Instant((readyAt.Micros + quantum - 1) / quantum * quantum);
                ticks++;
            }

            var ideal = (now - start) * (rate / 1e6);
            var burst = Math.Max(16 * 1_024, rate * 0.016) + PacketBytes;
            var overflow = quantum > 14_000 ? ticks * PacketBytes : 0;
            Assert.InRange(sent, ideal - burst - overflow, ideal + burst);
        },
        iter: 200, threads: 1);

    [Fact]
    public void Deadline_IsWhenThePacketMayLeave_NotBefore()
    {
        var pacer = default(Pacer);
        var now = Instant.FromSeconds(1);
        while (pacer.TrySpend(now, PacketBytes, 100_000, out _))
        {
        }

        pacer.TrySpend(now, PacketBytes, 100_000, out var readyAt);

        Assert.False(pacer.TrySpend(readyAt + -2, PacketBytes, 100_000, out _));
        Assert.True(pacer.TrySpend(readyAt, PacketBytes, 100_000, out _));
    }

    [Fact]
    public void NoRate_NeverWaits()
    {
        var pacer = default(Pacer);
        for (var i = 0; i < 1_000; i++)
        {
            Assert.True(pacer.TrySpend(new(5), 60_000, 0, out _));
        }
    }
}
