using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Transfer;

public sealed class NagleTests
{
    private static readonly ConnectionSettings Coalescing = new() { NoDelay = false };

    [Fact]
    public void ShortSegments_WhileOneIsInFlight_WaitAndLeaveAsOne()
    {
        var peer = ScriptedPeer.Dialled(Coalescing);
        for (byte i = 0; i < 5; i++)
        {
            peer.Connection.Write([i]);
        }

        Assert.Equal(1, peer.AcknowledgeAll().Sum(d => d.PayloadLength));

        var rest = peer.TakeOne();
        Assert.Equal([1, 2, 3, 4], rest.Bytes[PacketHeader.Size..]);
    }

    [Fact]
    public void FullSegment_DoesNotWait()
    {
        var peer = ScriptedPeer.Dialled(Coalescing);
        peer.Connection.Write([1]);

        peer.Connection.Write(new byte[1_232]);

        Assert.Equal([1, 1_232], peer.Take().Select(d => d.PayloadLength));
    }

    [Fact]
    public void Close_ReleasesWhatWaits_AndTheFin()
    {
        var peer = ScriptedPeer.Dialled(Coalescing);
        peer.Connection.Write([1]);
        peer.Connection.Write([2, 3]);

        peer.Connection.Close();

        Assert.Equal([PacketType.Data, PacketType.Data, PacketType.Fin], peer.Take().Select(d => d.Type));
    }

    [Fact]
    public void NoDelay_SendsEachWriteAtOnce()
    {
        var peer = ScriptedPeer.Dialled();
        for (byte i = 0; i < 5; i++)
        {
            peer.Connection.Write([i]);
        }

        Assert.Equal([1, 1, 1, 1, 1], peer.Take().Select(d => d.PayloadLength));
    }
}
