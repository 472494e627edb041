using Utp.Protocol.Connections;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Protocol.Tracing;
using Utp.Simulation.Randomness;

namespace Utp.Protocol.Tests.Harness;

/// <summary>Two hosts and one established connection between them.</summary>
internal sealed class TestPair
{
    /// <param name="settings">Of both ends.</param>
    /// <param name="seed">Of both ends' random numbers.</param>
    /// <param name="connect">Whether the connection is made.</param>
    /// <param name="start">What the clock shows at first.</param>
    /// <param name="checksInvariants">See <see cref="TestNetwork.ChecksInvariants"/>.</param>
    /// <param name="delayMicros">See <see cref="TestNetwork.DelayMicros"/>.</param>
    /// <param name="trace">Of the host that dials.</param>
    /// <param name="isIPv6">See <see cref="TestNetwork.IsIPv6"/>.</param>
    public TestPair(
        ConnectionSettings? settings = null,
        ulong seed = 1,
        bool connect = true,
        Instant? start = null,
        bool checksInvariants = true,
        long? delayMicros = null,
        ITraceSink? trace = null,
        bool isIPv6 = false)
    {
        Network = new TestNetwork { ChecksInvariants = checksInvariants, IsIPv6 = isIPv6 };
        Network.StartAt(start ?? Network.Now);
        Network.DelayMicros = delayMicros ?? Network.DelayMicros;
        A = Network.AddHost(seed, null, trace);
        B = Network.AddHost(seed, new SocketSettings { AcceptedConnections = settings ?? ConnectionSettings.Default });
        B.Core.IsListening = true;
        Settings = settings ?? ConnectionSettings.Default;
        if (connect)
        {
            Initiator = A.Connect(B, Settings);
            Network.RunWhile(() => B.Accepted.Count == 0);
            Acceptor = B.Accepted[0];
        }
    }

    public ConnectionSettings Settings { get; }

    public TestNetwork Network { get; }

    /// <summary>The host that dials.</summary>
    public TestHost A { get; }

    /// <summary>The host that listens.</summary>
    public TestHost B { get; }

    public TestConnection Initiator { get; } = null!;

    public TestConnection Acceptor { get; } = null!;

    public static byte[] Pattern(int length, int seed = 0)
    {
        var bytes = new byte[length];
        var random = new SeededRandomSource((ulong)seed + 77);
        for (var i = 0; i < length; i++)
        {
            bytes[i] = (byte)random.NextUInt32();
        }

        return bytes;
    }
}
