using System.Buffers.Binary;
using Utp.Protocol.Sending;
using Utp.Simulation.Network;
using Utp.Simulation.Scenarios;
using Utp.Transport;
using Xunit.Abstractions;

namespace Utp.Simulation.Tests.Catalogue;

/// <summary>Experiment 13: much bandwidth, much delay.</summary>
public class FastPaths(ITestOutputHelper output) : Experiment(output)
{
    private const int Mebibyte = 1024 * 1024;

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void LedbatPlusPlus_At100MbitAnd100Ms_FillsThePath(ulong seed) => Judge("13 100 Mbit/s x 100 ms", seed, card =>
    {
        using var lab = new Dumbbell(seed, new DumbbellSettings { RateMbit = 100, RoundTripMs = 100 });
        var (_, flow) = lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus, WideBufferBytes), Around(lab, "utp", 0));
        lab.RunUntil(45);

        card.AtLeast("utilisation, 0-5 s", flow.GoodputMbit(0, 5) / lab.CeilingMbit, 0.42, "libutp 0.11 over 0-10 s");
        card.AtLeast("utilisation, 10-45 s", flow.GoodputMbit(10, 45) / lab.CeilingMbit, 0.85, "libutp 0.73 over 20-45 s");
    });

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void LedbatPlusPlus_At1GbitAnd100Ms_FillsThePath(ulong seed) => Judge("13 1 Gbit/s x 100 ms", seed, card =>
    {
        using var lab = new Dumbbell(seed, new DumbbellSettings { RateMbit = 1_000, RoundTripMs = 100 });
        var (flow, series) = lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus, WideBufferBytes), Around(lab, "utp", 0));
        var mostInFlight = 0L;
        for (var at = 4.0; at < 14; at += 0.02)
        {
            lab.At(at, () => mostInFlight = Math.Max(mostInFlight, flow.Statistics.FlightBytes));
        }

        lab.RunUntil(14);
        card.AtLeast("utilisation, 4-8 s", series.GoodputMbit(4, 8) / lab.CeilingMbit, 0.85);
        card.AtLeast("utilisation, 8-14 s", series.GoodputMbit(8, 14) / lab.CeilingMbit, 0.92);
        card.AtLeast("most packets in flight", mostInFlight / Dumbbell.FullPayload, 8_256);
    });

    /// <summary>libutp drops what is 1,024 packets or more ahead of its acknowledgement. Its window is 1 MiB, which small packets would not fill.</summary>
    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void LedbatPlusPlus_ToAPeerThatTakes1024Packets_SendsNoMore(ulong seed) => Judge("13 A peer of 1,024 packets", seed, card =>
    {
        using var lab = new Dumbbell(seed, new DumbbellSettings { RateMbit = 100, RoundTripMs = 100 });
        var settings = Bulk(UtpCongestionControl.LedbatPlusPlus, WideBufferBytes);
        settings = settings with
        {
            Connection = settings.Connection with { MtuCeilingBytes = 600 },
            AcceptedConnection = settings.Connection with { ReceiveBufferBytes = Mebibyte },
        };
        var (_, flow) = lab.AddUtp(settings, Around(lab, "utp", 0));
        var span = new PeerReorderLimit();
        lab.Reverse.Observer = span.NoteAcknowledgement;
        lab.Forward.Observer = span.NoteData;
        lab.RunUntil(30);

        card.AtMost("furthest ahead of the acknowledgement, packets", span.Furthest, 1_023);
        card.AtLeast("goodput, 10-30 s, Mbit/s", flow.GoodputMbit(10, 30), 25);
    });

    /// <summary>Reads sequence and acknowledgement numbers off the wire, as the peer would.</summary>
    private sealed class PeerReorderLimit
    {
        private ushort _acknowledged;
        private bool _isKnown;

        public int Furthest { get; private set; }

        public void NoteAcknowledgement(Packet packet)
        {
            _acknowledged = BinaryPrimitives.ReadUInt16BigEndian(packet.Datagram[18..]);
            _isKnown = true;
        }

        public void NoteData(Packet packet)
        {
            const byte data = 0x01;
            if (_isKnown && packet.Datagram[0] == data)
            {
                var sequence = BinaryPrimitives.ReadUInt16BigEndian(packet.Datagram[16..]);
                Furthest = Math.Max(Furthest, (short)(sequence - _acknowledged));
            }
        }
    }
}
