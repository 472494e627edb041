using System.Net;

namespace Utp.Transport.Tests.Rendezvous;

/// <summary>The messages of BEP 55 byte for byte.</summary>
public sealed class HolePunchMessageTests
{
    public static TheoryData<string, UtpHolePunchMessageType, string, UtpHolePunchError> Messages => new()
    {
        { "0000" + "C0000201" + "1AE1" + "00000000", UtpHolePunchMessageType.Rendezvous, "192.0.2.1:6881", UtpHolePunchError.None },
        { "0100" + "C6336402" + "FFFF" + "00000000", UtpHolePunchMessageType.Connect, "198.51.100.2:65535", UtpHolePunchError.None },
        { "0200" + "C0000201" + "0001" + "00000002", UtpHolePunchMessageType.Error, "192.0.2.1:1", UtpHolePunchError.NotConnected },
        { "0101" + "20010DB8000000000000000000000001" + "1AE1" + "00000000", UtpHolePunchMessageType.Connect, "[2001:db8::1]:6881", UtpHolePunchError.None },
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public void Message_BothWays_IsAsBep55Says(string bytes, UtpHolePunchMessageType type, string endPoint, UtpHolePunchError error)
    {
        var message = new UtpHolePunchMessage(type, IPEndPoint.Parse(endPoint), error);

        Assert.Equal(bytes, Convert.ToHexString(message.ToArray()));
        Assert.True(UtpHolePunchMessage.TryParse(Convert.FromHexString(bytes), out var read));
        Assert.Equal((type, message.EndPoint, error), (read.Type, read.EndPoint, read.Error));
    }

    [Fact]
    public void Parse_CodeMissingWhereItWouldBeZero_IsAllowed()
    {
        Assert.True(UtpHolePunchMessage.TryParse(Convert.FromHexString("0100C00002011AE1"), out var message));

        Assert.Equal("Connect 192.0.2.1:6881", message.ToString());
    }

    [Fact]
    public void Parse_CodeOfTheFuture_IsKept()
    {
        Assert.True(UtpHolePunchMessage.TryParse(Convert.FromHexString("0200C00002011AE100000009"), out var message));

        Assert.Equal((UtpHolePunchError)9, message.Error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("01")]
    [InlineData("0300C00002011AE100000000")]
    [InlineData("0102C00002011AE100000000")]
    [InlineData("0100C00002011A")]
    [InlineData("010120010DB80000000000000000000000011A")]
    [InlineData("0100C0000201000000000000")]
    [InlineData("0200C00002011AE1")]
    [InlineData("0200C00002011AE100000000")]
    [InlineData("0200C00002011AE1FFFFFFFF")]
    public void Parse_BrokenMessage_IsFalse(string bytes) => Assert.False(UtpHolePunchMessage.TryParse(Convert.FromHexString(bytes), out _));

    [Fact]
    public void Parse_EveryPrefixAndMutation_NeverThrows()
    {
        var random = new Random(55);
        var bytes = new byte[UtpHolePunchMessage.MaxLength + 2];
        for (var i = 0; i < 20_000; i++)
        {
            random.NextBytes(bytes);
            (bytes[0], bytes[1]) = ((byte)random.Next(4), (byte)random.Next(3));
            if (UtpHolePunchMessage.TryParse(bytes.AsSpan(0, random.Next(bytes.Length + 1)), out var message))
            {
                Assert.InRange(message.ToArray().Length, 12, UtpHolePunchMessage.MaxLength);
            }
        }
    }

    [Fact]
    public void Create_MappedAddress_IsWrittenAsIPv4() =>
        Assert.Equal(12, new UtpHolePunchMessage(UtpHolePunchMessageType.Connect, IPEndPoint.Parse("[::ffff:192.0.2.1]:6881")).ToArray().Length);

    [Fact]
    public void Create_WrongArguments_Throws()
    {
        var peer = IPEndPoint.Parse("192.0.2.1:6881");

        Assert.Throws<ArgumentOutOfRangeException>(() => new UtpHolePunchMessage((UtpHolePunchMessageType)3, peer));
        Assert.Throws<ArgumentException>(() => new UtpHolePunchMessage(UtpHolePunchMessageType.Connect, new IPEndPoint(peer.Address, 0)));
        Assert.Throws<ArgumentException>(() => new UtpHolePunchMessage(UtpHolePunchMessageType.Connect, peer, UtpHolePunchError.NoSelf));
        Assert.Throws<ArgumentException>(() => new UtpHolePunchMessage(UtpHolePunchMessageType.Error, peer));
    }
}
