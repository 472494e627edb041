using CsCheck;
using Utp.Protocol.Receiving;

namespace Utp.Protocol.Tests.Receiving;

public sealed class ReceiveWindowTests
{
    private const int TwoSegments = 2 * 1_472;

    /// <summary>
    /// A peer that believes each advertisement and sends at most that never meets a full buffer, is never offered a sliver, and hears when a
    /// window it must take for closed has opened.
    /// </summary>
    [Fact]
    public void AnyReadingAndSending_NeverOverfillsAndNeverStalls() =>
        Gen.Select(Gen.Int[2 * TwoSegments, 100_000], Gen.Select(Gen.Bool, Gen.Int[1, 8_000]).Array[1, 100]).Sample(
            (capacity, steps) =>
            {
                var window = new ReceiveWindow(capacity);
                long believed = window.Advertise(0);
                var unread = 0L;
                foreach (var (isSend, size) in steps)
                {
                    if (isSend)
                    {
                        var sent = (int)Math.Min(size, believed);
                        Assert.True(sent <= window.FreeBytes(0));
                        window.OnDelivered(sent);
                        unread += sent;
                        believed = window.Advertise(0);
                    }
                    else
                    {
                        var read = Math.Min(size, unread);
                        unread -= read;
                        if (window.OnConsumed(read, 0))
                        {
                            believed = window.Advertise(0);
                        }
                    }

                    Assert.Equal(unread, window.UnreadBytes);
                    Assert.True(believed is 0 or >= TwoSegments, $"a sliver of {believed}");
                    Assert.True(believed > 0 || capacity - unread < TwoSegments, "the peer was not told that the window has opened");
                }
            },
            iter: 500, threads: 1);

    [Fact]
    public void ReorderedBytes_TakeUpTheWindow()
    {
        var window = new ReceiveWindow(100_000);

        Assert.Equal(60_000u, window.Advertise(40_000));
        Assert.Equal(60_000, window.FreeBytes(40_000));
    }

    [Fact]
    public void WideOpenWindow_IsNotAnnouncedForEveryRead()
    {
        var window = new ReceiveWindow(100_000);
        window.Advertise(0);
        window.OnDelivered(10_000);

        Assert.False(window.OnConsumed(10_000, 0));
    }

    [Fact]
    public void HalfUsedWindow_IsAnnouncedWhenAQuarterCameBack()
    {
        var window = new ReceiveWindow(100_000);
        window.Advertise(0);
        window.OnDelivered(60_000);

        Assert.False(window.OnConsumed(20_000, 0));
        Assert.True(window.OnConsumed(10_000, 0));
    }

    /// <summary>A window that has reopened is announced only if the peer had used at least half of it.</summary>
    [Theory]
    [InlineData(49_999, false)]
    [InlineData(50_000, true)]
    public void ReadBytes_AreAnnounced_OnceThePeerHasUsedHalfOfTheWindow(int bytes, bool announced)
    {
        var window = new ReceiveWindow(100_000);
        window.Advertise(0);
        window.OnDelivered(bytes);

        Assert.Equal(announced, window.OnConsumed(bytes, 0));
    }
}
