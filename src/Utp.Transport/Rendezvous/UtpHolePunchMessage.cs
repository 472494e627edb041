using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Utp.Transport;

/// <summary>
/// A message of BitTorrent's hole punching (BEP 55): the payload of the extension message <c>ut_holepunch</c>, without BitTorrent's own header. A peer
/// that has a connection to two others introduces them to each other with it. What the two do then is <see cref="UtpSocket.RendezvousAsync"/>.
/// </summary>
public sealed class UtpHolePunchMessage
{
    /// <summary>The length of the longest message, in bytes: one with an IPv6 address.</summary>
    public const int MaxLength = 24;

    private const int IPv4Type = 0;
    private const int IPv6Type = 1;
    private const int AddressOffset = 2;

    /// <summary>Initializes a message.</summary>
    /// <param name="type">The type.</param>
    /// <param name="endPoint">The endpoint of the other peer, as the relay sees it. An IPv4-mapped address is written as IPv4.</param>
    /// <param name="error">The error code, for messages of the type <see cref="UtpHolePunchMessageType.Error"/>.</param>
    /// <exception cref="ArgumentException">The port is 0, or only one of type and code says that there is an error.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The type is unknown.</exception>
    public UtpHolePunchMessage(UtpHolePunchMessageType type, IPEndPoint endPoint, UtpHolePunchError error = UtpHolePunchError.None)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        if (!Enum.IsDefined(type))
        {
            throw new ArgumentOutOfRangeException(nameof(type), type, "BEP 55 has the types Rendezvous, Connect and Error.");
        }

        if (endPoint.Port == 0)
        {
            throw new ArgumentException($"'{endPoint}' has no port. Give the port of the peer.", nameof(endPoint));
        }

        if ((type == UtpHolePunchMessageType.Error) != (error != UtpHolePunchError.None))
        {
            throw new ArgumentException($"A message of the type {type} cannot have the error code {error}. Only Error has one, and needs one.", nameof(error));
        }

        Type = type;
        EndPoint = endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;
        Error = error;
    }

    /// <summary>Gets the type.</summary>
    public UtpHolePunchMessageType Type { get; }

    /// <summary>Gets the endpoint of the other peer, as the relay sees it.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Gets the error code; <see cref="UtpHolePunchError.None"/> unless <see cref="Type"/> is an error. Codes without a name are kept.</summary>
    public UtpHolePunchError Error { get; }

    /// <summary>Reads a message.</summary>
    /// <param name="payload">
    /// The payload. The error code may be missing where it would be 0, as in the messages of libtorrent. Bytes after the message are ignored.
    /// </param>
    /// <param name="message">The message, if the method returns true.</param>
    /// <returns>False when the payload is too short, has an unknown type of message or address, port 0, or an error without a code.</returns>
    public static bool TryParse(ReadOnlySpan<byte> payload, [NotNullWhen(true)] out UtpHolePunchMessage? message)
    {
        message = null;
        if (payload.Length < AddressOffset || payload[0] > (int)UtpHolePunchMessageType.Error || payload[1] > IPv6Type)
        {
            return false;
        }

        var type = (UtpHolePunchMessageType)payload[0];
        var addressLength = payload[1] == IPv4Type ? 4 : 16;
        var rest = payload[AddressOffset..];
        if (rest.Length < addressLength + sizeof(ushort))
        {
            return false;
        }

        var address = new IPAddress(rest[..addressLength]);
        var port = BinaryPrimitives.ReadUInt16BigEndian(rest[addressLength..]);
        rest = rest[(addressLength + sizeof(ushort))..];
        var error = UtpHolePunchError.None;
        if (type == UtpHolePunchMessageType.Error && BinaryPrimitives.TryReadUInt32BigEndian(rest, out var code) && code <= int.MaxValue)
        {
            error = (UtpHolePunchError)code;
        }

        if (port == 0 || (type == UtpHolePunchMessageType.Error) != (error != UtpHolePunchError.None))
        {
            return false;
        }

        message = new UtpHolePunchMessage(type, new IPEndPoint(address, port), error);
        return true;
    }

    /// <summary>Writes the message: 12 bytes with an IPv4 address, <see cref="MaxLength"/> with an IPv6 address.</summary>
    /// <returns>The payload of <c>ut_holepunch</c>.</returns>
    public byte[] ToArray()
    {
        Span<byte> buffer = stackalloc byte[MaxLength];
        buffer[0] = (byte)Type;
        buffer[1] = EndPoint.AddressFamily == AddressFamily.InterNetwork ? (byte)IPv4Type : (byte)IPv6Type;
        EndPoint.Address.TryWriteBytes(buffer[AddressOffset..], out var addressLength);
        var end = AddressOffset + addressLength;
        BinaryPrimitives.WriteUInt16BigEndian(buffer[end..], (ushort)EndPoint.Port);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[(end + sizeof(ushort))..], (uint)Error);
        return buffer[..(end + sizeof(ushort) + sizeof(uint))].ToArray();
    }

    /// <summary>Gets the type, the endpoint and the error code, for logs.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Error == UtpHolePunchError.None ? $"{Type} {EndPoint}" : $"{Type} {EndPoint}: {Error}";
}
