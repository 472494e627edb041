using Utp.Protocol.Addresses;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Time;

namespace Utp.Protocol.Tests.Wire;

/// <summary>What we put on the wire, byte for byte, with the clock at 0x01020304 µs and numbers drawn from a script.</summary>
public sealed class GoldenPacketTests
{
    private readonly TestNetwork _network = new();

    public GoldenPacketTests()
    {
        _network.StartAt(new Instant(0x01020304));
        _network.DelayMicros = 0;
    }

    [Fact]
    public void Syn()
    {
        Dial();

        AssertSent("41004567 01020304 00000000 00100000 23c60000");
    }

    /// <summary>libutp's answer to 41001234 11223344 ...0064 0000, but for the difference, which libutp leaves out of a SYN-ACK.</summary>
    [Fact]
    public void SynAck()
    {
        Accept();

        AssertSent("21001234 01020304 efdfcfc0 00100000 45670064");
    }

    [Fact]
    public void Confirmation()
    {
        var (host, peer) = Dial();

        host.Inject(peer, PacketVectorTests.Hex("21004567 01020000 00000000 00100000 777723c6"));

        AssertSent("21004568 01020304 00000304 00100000 23c77776");
    }

    [Fact]
    public void Data()
    {
        var (host, peer) = Accept();
        host.Inject(peer, PacketVectorTests.Hex("21001235 01020302 00000000 00100000 00654566"));

        host.Accepted[0].Write([0xCA, 0xFE]);

        AssertSent("01001234 01020304 00000002 00100000 45670064 cafe");
    }

    [Fact]
    public void StateWithSelectiveAck()
    {
        var (host, peer) = Accept();
        host.Inject(peer, PacketVectorTests.Hex("01001235 01020302 00000000 00100000 00654566 aa"));
        foreach (var sequence in new[] { "0067", "0068", "006a" })
        {
            host.Inject(peer, PacketVectorTests.Hex($"01001235 01020302 00000000 00100000 {sequence}4566 bb"));
        }

        AssertSent("21011234 01020304 00000002 000ffffd 45670065 0004 0b000000");
    }

    [Fact]
    public void Fin()
    {
        var (host, peer) = Accept();
        host.Inject(peer, PacketVectorTests.Hex("21001235 01020302 00000000 00100000 00654566"));

        host.Accepted[0].Finish();

        AssertSent("11001234 01020304 00000002 00100000 45670064");
    }

    [Fact]
    public void ResetOfAStray()
    {
        var host = _network.AddHost();

        host.Inject(PeerAddress.FromIPv4(0x0A000100, 7000), PacketVectorTests.Hex("21009999 01020302 00000000 00100000 00054566"));

        AssertSent("31009999 01020304 00000000 00000000 45660005");
    }

    private (TestHost Host, PeerAddress Peer) Dial()
    {
        var host = _network.AddHost(new ScriptedRandomSource(0x4567, 0x23c6));
        var peer = PeerAddress.FromIPv4(0x0A000100, 7000);
        host.Connect(peer);
        return (host, peer);
    }

    private (TestHost Host, PeerAddress Peer) Accept()
    {
        var host = _network.AddHost(new ScriptedRandomSource(0x4567));
        host.Core.IsListening = true;
        var peer = PeerAddress.FromIPv4(0x0A000100, 7000);
        host.Inject(peer, PacketVectorTests.Hex("41001234 11223344 00000000 00100000 00640000"));
        return (host, peer);
    }

    private void AssertSent(string hex) =>
        Assert.Equal(hex.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexStringLower(_network.Sent[^1].Bytes));
}
