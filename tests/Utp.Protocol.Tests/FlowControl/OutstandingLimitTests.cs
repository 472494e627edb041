using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.FlowControl;

/// <summary>libtorrent drops packets more than 953 ahead of a gap, libutp 1,024. Both offer at most 1 MiB.</summary>
[Trait("Pitfall", "19")]
public sealed class OutstandingLimitTests
{
    [Theory]
    [InlineData(1_048_576)]
    [InlineData(1_536_000)]
    public void Sender_WithOneHoleAndEverythingElseAcknowledged_StopsAt900(uint windowBytes) => Assert.Equal(900, Span(windowBytes));

    /// <summary>A window that 1,024 packets could not fill shows a peer that numbers further ahead, as ours does.</summary>
    [Fact]
    public void Sender_ToAPeerWithAWiderWindow_GoesFurther() => Assert.InRange(Span(4_000_000), 1_400, 15_360);

    [Fact]
    public void Receiver_TakesWhatIs1024Ahead()
    {
        var peer = ScriptedPeer.Dialled();
        var first = peer.Next;
        for (var i = 1_024; i >= 0; i--)
        {
            peer.DataAt(first + i, (byte)i);
        }

        Assert.Equal(Enumerable.Range(0, 1_025).Select(i => (byte)i), peer.Connection.Received);
    }

    private static int Span(uint windowBytes)
    {
        var peer = ScriptedPeer.Dialled();
        peer.WindowBytes = windowBytes;
        peer.State();
        peer.Connection.Write(new byte[2_000_000]);
        var hole = peer.Received + 1;
        var newest = hole;
        for (var idle = 0; idle < 3;)
        {
            var sent = peer.Take().Where(d => d.Type == PacketType.Data).Select(d => d.Header.Sequence).Where(s => s > newest).ToList();
            idle = sent.Count == 0 ? idle + 1 : 0;
            newest = sent.Count == 0 ? newest : sent[^1];
            peer.Network.Run(0.02);
            if (newest > hole)
            {
                peer.StateHolding([.. Enumerable.Range(1, newest - hole).Select(i => hole + i)]);
            }
        }

        return newest - hole + 1;
    }
}
