using Utp.Protocol.Connections;
using Utp.Protocol.Connections.Closing;
using Utp.Protocol.Connections.Failures;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Tests.Liveness;

/// <summary>
/// A report of the peer's host that nobody has the port ends an established connection, if it quotes a packet that only this side can have
/// sent. Anything less is somebody's guess.
/// </summary>
public sealed class PortUnreachableTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Report_QuotingDataInFlight_EndsTheConnection(bool weDial)
    {
        var peer = weDial ? ScriptedPeer.Dialled() : ScriptedPeer.Dialling();
        peer.Connection.Write(new byte[3_000]);
        var sent = peer.Take();

        Report(peer, sent[1]);

        AssertEnded(peer);
    }

    [Fact]
    public void Report_QuotingTheProbeOfASilence_EndsTheConnection()
    {
        var peer = ScriptedPeer.Dialling();
        peer.Data(1);
        peer.Network.Run(0.1);
        peer.Take();
        peer.Network.Run(1);

        Report(peer, peer.TakeOne());

        AssertEnded(peer);
    }

    [Fact]
    public void Report_QuotingARequestForAnAnswer_EndsTheConnection()
    {
        var peer = ScriptedPeer.Dialled(new ConnectionSettings { IdleTimeoutMicros = 10_000_000, KeepAliveMicros = 0 });
        peer.Network.Run(5.1);

        Report(peer, peer.Take().Single(d => d.Type == PacketType.Data));

        AssertEnded(peer);
    }

    [Theory]
    [InlineData(2)] // connection id
    [InlineData(4)] // timestamp
    [InlineData(7)]
    [InlineData(16)] // number
    [InlineData(18)] // acknowledgement
    public void Report_QuotingWhatWasNeverSent_IsIgnored(int changedByte)
    {
        var peer = ScriptedPeer.Dialled();
        peer.Connection.Write([1, 2, 3]);
        var sent = peer.TakeOne();
        sent.Bytes[changedByte] ^= 0x40;

        Report(peer, sent);

        Assert.False(peer.Connection.IsClosed);
    }

    [Fact]
    public void Report_OfSomethingElseThanThePeersHost_IsIgnored()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Connection.Write([1, 2, 3]);
        var sent = peer.TakeOne();

        Report(peer, sent, isFromPeersHost: false);
        Report(peer, sent, isRefusal: false);
        peer.Host.Core.HandleUnreachable(peer.Network.Now, peer.Address with { Port = 1 }, true, sent.Bytes, isFromPeersHost: true);
        peer.Host.Core.HandleUnreachable(peer.Network.Now, peer.Address, true, sent.Bytes.AsSpan(0, 8), isFromPeersHost: true);
        peer.Host.Drain();

        Assert.False(peer.Connection.IsClosed);
    }

    [Fact]
    public void Report_OfWhatHasBeenAcknowledged_IsIgnored()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Connection.Write([1, 2, 3]);
        var sent = peer.AcknowledgeAll()[^1];
        peer.Connection.Write([4]);

        Report(peer, sent);

        Assert.False(peer.Connection.IsClosed);
    }

    /// <summary>A rule of the own system that rejects what leaves reports it in the peer's name where the peer is on the same machine.</summary>
    [Fact]
    public void Report_OfWhatTheOwnSystemRefusedToSend_IsIgnored()
    {
        var pair = new TestPair();
        pair.Initiator.Write([1]);
        pair.Network.Run(1);
        pair.A.RefusesToSend = true;
        byte[]? refused = null;
        pair.A.Refused = bytes => refused = bytes;
        pair.Initiator.Write([2]);

        pair.A.Core.HandleUnreachable(pair.Network.Now, pair.B.Address, true, refused, isFromPeersHost: true);
        pair.A.Drain();

        Assert.NotNull(refused);
        Assert.False(pair.Initiator.IsClosed);
    }

    [Fact]
    public void Report_WhenOnlyTheLastAcknowledgementIsMissing_IsAProperEnd()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Fin();
        peer.Connection.Close();

        Report(peer, peer.Take().Last(d => d.Type == PacketType.Fin));

        Assert.Equal(UtpCloseReason.Graceful, peer.Connection.Core.CloseReason);
    }

    private static void Report(ScriptedPeer peer, TestDatagram quoted, bool isRefusal = true, bool isFromPeersHost = true)
    {
        peer.Host.Core.HandleUnreachable(peer.Network.Now, peer.Address, isRefusal, quoted.Bytes.AsSpan(0, PacketHeader.Size), isFromPeersHost);
        peer.Host.Drain();
    }

    private static void AssertEnded(ScriptedPeer peer)
    {
        Assert.Equal((UtpCloseReason.PeerReset, CloseEvidence.PortUnreachable), (peer.Connection.Core.CloseReason, peer.Connection.Core.Evidence));
        Assert.True(peer.Connection.IsReleased);
        Assert.DoesNotContain(peer.Take(), d => d.Type == PacketType.Reset);
    }
}
