using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Utp.Transport;

namespace Utp.Interop.Tests.Socks;

/// <summary>
/// Carries datagrams through a SOCKS5 proxy (RFC 1928, UDP ASSOCIATE), without authentication. It is also the example of how an
/// <see cref="IUtpDatagramLayer"/> is written: opening does not wait, and the first receive makes the association.
/// </summary>
internal sealed class Socks5DatagramLayer(IPEndPoint proxy) : IUtpDatagramLayer
{
    public IUtpDatagramSocket Open(IPEndPoint local) => new Association(proxy, local.Port);

    /// <summary>One association: the proxy carries datagrams for as long as the TCP connection is open.</summary>
    private sealed class Association : IUtpDatagramSocket
    {
        /// <summary>Reserved, fragment number, address type, address and port (RFC 1928, section 7).</summary>
        private const int HeaderBytesIPv4 = 10;
        private const int HeaderBytesIPv6 = 22;
        private const byte TypeIPv4 = 1;
        private const byte TypeIPv6 = 4;

        private readonly IPEndPoint _proxy;
        private readonly Socket _control;
        private readonly Socket _udp;
        private readonly byte[] _sendBuffer = new byte[64 * 1024];
        private readonly byte[] _receiveBuffer = new byte[64 * 1024];
        private IPEndPoint? _relay;

        public Association(IPEndPoint proxy, int port)
        {
            _proxy = proxy;
            _control = new Socket(proxy.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            _udp = new Socket(proxy.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            _udp.Bind(new IPEndPoint(proxy.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, port));
        }

        public IPEndPoint LocalEndPoint => (IPEndPoint)_udp.LocalEndPoint!;

        public async ValueTask<SocketReceiveFromResult> ReceiveFromAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            if (_relay is null)
            {
                Volatile.Write(ref _relay, await AssociateAsync(cancellationToken));
            }

            while (true)
            {
                var received = await _udp.ReceiveFromAsync(_receiveBuffer, _relay!, cancellationToken);
                if (Parse(_receiveBuffer.AsSpan(0, received.ReceivedBytes), out var payload) is { } sender)
                {
                    _receiveBuffer.AsSpan(payload, received.ReceivedBytes - payload).CopyTo(buffer.Span);
                    return new SocketReceiveFromResult { ReceivedBytes = received.ReceivedBytes - payload, RemoteEndPoint = sender };
                }
            }
        }

        public void SendTo(ReadOnlySpan<byte> datagram, IPEndPoint remote)
        {
            if (Volatile.Read(ref _relay) is not { } relay)
            {
                // The association is not there yet. uTP repeats its request to connect.
                return;
            }

            var length = WriteHeader(_sendBuffer, remote);
            datagram.CopyTo(_sendBuffer.AsSpan(length));
            _udp.SendTo(_sendBuffer.AsSpan(0, length + datagram.Length), relay);
        }

        public void Dispose()
        {
            _control.Dispose();
            _udp.Dispose();
        }

        private async Task<IPEndPoint> AssociateAsync(CancellationToken cancellationToken)
        {
            var answer = new byte[HeaderBytesIPv6];
            await _control.ConnectAsync(_proxy, cancellationToken);
            await using var stream = new NetworkStream(_control, ownsSocket: false);
            await stream.WriteAsync(new byte[] { 5, 1, 0 }, cancellationToken);
            await stream.ReadExactlyAsync(answer.AsMemory(0, 2), cancellationToken);
            if (answer[1] != 0)
            {
                throw new IOException($"The proxy {_proxy} demands authentication (method {answer[1]}).");
            }

            // The address of this side is not known to itself behind a NAT, so it is left open.
            await stream.WriteAsync(new byte[] { 5, 3, 0, TypeIPv4, 0, 0, 0, 0, 0, 0 }, cancellationToken);
            await stream.ReadExactlyAsync(answer.AsMemory(0, 4), cancellationToken);
            if (answer[1] != 0)
            {
                throw new IOException($"The proxy {_proxy} refuses UDP ASSOCIATE (reply {answer[1]}).");
            }

            var length = answer[3] == TypeIPv4 ? HeaderBytesIPv4 : HeaderBytesIPv6;
            await stream.ReadExactlyAsync(answer.AsMemory(4, length - 4), cancellationToken);
            var relay = Parse(answer.AsSpan(0, length), out _)!;
            return relay.Address.Equals(IPAddress.Any) || relay.Address.Equals(IPAddress.IPv6Any) ? new IPEndPoint(_proxy.Address, relay.Port) : relay;
        }

        private static int WriteHeader(Span<byte> destination, IPEndPoint remote)
        {
            var isIPv4 = remote.AddressFamily == AddressFamily.InterNetwork;
            var length = isIPv4 ? HeaderBytesIPv4 : HeaderBytesIPv6;
            destination[..3].Clear();
            destination[3] = isIPv4 ? TypeIPv4 : TypeIPv6;
            remote.Address.TryWriteBytes(destination[4..], out _);
            BinaryPrimitives.WriteUInt16BigEndian(destination[(length - 2)..], (ushort)remote.Port);
            return length;
        }

        /// <summary>Reads the address at the front; null for a fragment and for a name, which this side has no use for.</summary>
        private static IPEndPoint? Parse(ReadOnlySpan<byte> datagram, out int length)
        {
            length = datagram.Length >= HeaderBytesIPv4 && datagram[3] == TypeIPv6 ? HeaderBytesIPv6 : HeaderBytesIPv4;
            return datagram.Length >= length && datagram[2] == 0 && datagram[3] is TypeIPv4 or TypeIPv6
                ? new IPEndPoint(new IPAddress(datagram[4..(length - 2)]), BinaryPrimitives.ReadUInt16BigEndian(datagram[(length - 2)..]))
                : null;
        }
    }
}
