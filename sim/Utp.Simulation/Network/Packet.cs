using Utp.Protocol.Addresses;

namespace Utp.Simulation.Network;

/// <summary>
/// The unit on links: the bytes of a datagram, or a TCP segment (which needs no bytes). Packets are pooled; the last owner returns them.
/// </summary>
internal sealed class Packet
{
    /// <summary>Length of the Ethernet header; with it, lengths are those that a token bucket filter counts.</summary>
    public const int EthernetBytes = 14;

    public const int IPv4Bytes = 20;

    public const int UdpBytes = 8;

    public byte[] Buffer { get; } = new byte[2_048];

    /// <summary>Bytes of <see cref="Buffer"/> in use; zero for TCP.</summary>
    public int Length { get; set; }

    /// <summary>Bytes that the packet takes on a link, link header included.</summary>
    public int WireBytes { get; set; }

    /// <summary>Whether routers may fragment the datagram where it does not fit.</summary>
    public bool AllowFragmentation { get; set; }

    public PeerAddress Source { get; set; }

    public Route Route { get; set; } = Route.None;

    /// <summary>Number of links of the route that the packet has passed.</summary>
    public int Hop { get; set; }

    /// <summary>Time when it joined its current queue.</summary>
    public long EnqueuedAt { get; set; }

    /// <summary>TCP fields, which are meaningful only on routes between TCP nodes.</summary>
    public TcpFields Tcp { get; } = new();

    public ReadOnlySpan<byte> Datagram => Buffer.AsSpan(0, Length);

    /// <summary>Length of the IP packet, before any fragmentation.</summary>
    public int IpBytes => Length > 0 ? Length + UdpBytes + IPv4Bytes : WireBytes - EthernetBytes;

    public void CopyTo(Packet other)
    {
        Datagram.CopyTo(other.Buffer);
        other.Length = Length;
        other.WireBytes = WireBytes;
        other.AllowFragmentation = AllowFragmentation;
        other.Source = Source;
        other.Route = Route;
        other.Hop = Hop;
        Tcp.CopyTo(other.Tcp);
    }
}

/// <summary>The relevant fields of a TCP segment; sequence numbers count segments of full size.</summary>
internal sealed class TcpFields
{
    /// <summary>Maximum number of blocks (RFC 2018): beside the timestamp option there is room for three.</summary>
    public const int MaxSackBlocks = 3;

    public bool IsAck { get; set; }

    /// <summary>Number of a data segment.</summary>
    public long Sequence { get; set; }

    /// <summary>Next segment expected.</summary>
    public long Acknowledgement { get; set; }

    public int SackBlockCount { get; set; }

    public (long Start, long End)[] SackBlocks { get; } = new (long, long)[MaxSackBlocks];

    public void CopyTo(TcpFields other)
    {
        other.IsAck = IsAck;
        other.Sequence = Sequence;
        other.Acknowledgement = Acknowledgement;
        other.SackBlockCount = SackBlockCount;
        SackBlocks.CopyTo(other.SackBlocks, 0);
    }
}
