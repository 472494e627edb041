using System.Net;

namespace Utp.Protocol.Addresses;

/// <summary>
/// An address of this host as a value: the destination of a received datagram, or the source of a sent one. <c>default</c> means that the address is
/// unknown and that the system chooses. IPv4 is held in its IPv6-mapped form, like <see cref="PeerAddress"/>.
/// </summary>
/// <param name="High">The first eight bytes.</param>
/// <param name="Low">The last eight bytes.</param>
/// <param name="InterfaceIndex">The interface of a link-local IPv6 address; zero for all others, where the routing table decides.</param>
internal readonly record struct LocalAddress(ulong High, ulong Low, uint InterfaceIndex)
{
    private const ulong MappedPrefix = 0x0000_FFFF_0000_0000;

    /// <summary>Whether the address is unspecified, so that the system chooses.</summary>
    public bool IsUnspecified => (High | Low) == 0;

    public bool IsIPv4 => High == 0 && (Low & 0xFFFF_FFFF_0000_0000) == MappedPrefix;

    /// <summary>The IPv4 address as a big-endian number; meaningful only when <see cref="IsIPv4"/>.</summary>
    public uint IPv4 => (uint)Low;

    /// <summary>Converts an IPv4 address; gives <c>default</c> for addresses that cannot be a source: 0.0.0.0, multicast and 255.255.255.255.</summary>
    public static LocalAddress FromIPv4(uint address) =>
        address == 0 || address >= 0xE000_0000 && (address < 0xF000_0000 || address == uint.MaxValue)
            ? default
            : new LocalAddress(0, MappedPrefix | address, 0);

    /// <summary>Converts an IPv6 address, which may be a mapped one; gives <c>default</c> for :: and multicast.</summary>
    /// <param name="high">The first eight bytes.</param>
    /// <param name="low">The last eight bytes.</param>
    /// <param name="interfaceIndex">Kept only for a link-local address (fe80::/10), which is ambiguous without it.</param>
    public static LocalAddress FromIPv6(ulong high, ulong low, uint interfaceIndex)
    {
        if (high == 0 && low >> 32 == MappedPrefix >> 32)
        {
            return FromIPv4((uint)low);
        }

        var isLinkLocal = high >> 54 == 0xFE80 >> 6;
        return high >> 56 == 0xFF ? default : new LocalAddress(high, low, isLinkLocal ? interfaceIndex : 0);
    }

    /// <summary>Gets the address of an endpoint, without its port.</summary>
    /// <exception cref="ArgumentException">The endpoint has neither an IPv4 nor an IPv6 address.</exception>
    public static LocalAddress FromEndPoint(IPEndPoint endPoint)
    {
        var address = PeerAddress.FromEndPoint(endPoint);
        return FromIPv6(address.High, address.Low, address.ScopeId);
    }

    /// <summary>Converts to an endpoint; a mapped address becomes IPv4.</summary>
    public IPEndPoint ToEndPoint(int port) => new PeerAddress(High, Low, InterfaceIndex, (ushort)port).ToEndPoint();

    public override string ToString() => ToEndPoint(0).Address.ToString();
}
