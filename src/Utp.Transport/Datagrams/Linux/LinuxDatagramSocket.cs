using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Utp.Protocol.Addresses;
using Utp.Transport.Datagrams.Portable;

namespace Utp.Transport.Datagrams.Linux;

/// <summary>
/// <see cref="IDatagramSocket"/> over <c>recvmsg</c> and <c>sendmsg</c>, which report and choose the local address of a datagram without allocating.
/// The runtime's ReceiveMessageFrom allocates for each datagram, and the runtime cannot choose the source address of a datagram.
/// </summary>
internal sealed unsafe class LinuxDatagramSocket(UdpSocket udp) : IDatagramSocket
{
    private readonly SystemDatagramSocket _system = new(udp);
    private readonly SafeHandle _handle = udp.Socket.SafeHandle;
    private readonly AddressFamily _family = udp.Facts.AddressFamily;

    public int Available => _system.Available;

    public bool WaitReadable(TimeSpan timeout) => _system.WaitReadable(timeout);

    public bool WaitWritable(TimeSpan timeout) => _system.WaitWritable(timeout);

    public int Receive(Span<byte> buffer, SocketAddress remote, out LocalAddress local)
    {
        var control = stackalloc byte[PacketInformation.MaxReceivedBytes];
        fixed (byte* bytes = buffer)
        fixed (byte* name = remote.Buffer.Span)
        {
            var vector = new IoVector { Base = bytes, Length = (nuint)buffer.Length };
            var message = new MessageHeader
            {
                Name = name,
                NameLength = (uint)remote.Buffer.Length,
                Vectors = &vector,
                VectorCount = 1,
                Control = control,
                ControlLength = PacketInformation.MaxReceivedBytes,
            };
            var length = Call(&message, receives: true);
            local = ControlHeader.FindLocalAddress(message);
            return length;
        }
    }

    public void Send(ReadOnlySpan<byte> datagram, SocketAddress remote, in LocalAddress local)
    {
        var control = stackalloc byte[PacketInformation.MaxSentBytes];
        fixed (byte* bytes = datagram)
        fixed (byte* name = remote.Buffer.Span)
        {
            var vector = new IoVector { Base = bytes, Length = (nuint)datagram.Length };
            var message = new MessageHeader { Name = name, NameLength = (uint)remote.Size, Vectors = &vector, VectorCount = 1 };
            if (!local.IsUnspecified)
            {
                message.Control = control;
                message.ControlLength = (nuint)PacketInformation.Write(control, _family, local);
            }

            Call(&message, receives: false);
        }
    }

    public SocketError TakePendingError() => _system.TakePendingError();

    public void SetFragmentation(bool ipv4, bool allowed) => _system.SetFragmentation(ipv4, allowed);

    public long? ReadDropCount() => _system.ReadDropCount();

    public void Dispose() => _system.Dispose();

    /// <summary>Calls the system while holding the handle, so that a dispose on another thread closes the descriptor only after the call.</summary>
    /// <exception cref="SocketException">The system reported an error.</exception>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    private int Call(MessageHeader* message, bool receives)
    {
        var held = false;
        try
        {
            _handle.DangerousAddRef(ref held);
            var descriptor = (int)_handle.DangerousGetHandle();
            while (true)
            {
                var result = receives ? LibC.ReceiveMessage(descriptor, message, LibC.DoNotWait) : LibC.SendMessage(descriptor, message, LibC.DoNotWait);
                if (result >= 0)
                {
                    return (int)result;
                }

                if (Marshal.GetLastPInvokeError() is var error && error != ErrorNumber.Interrupted)
                {
                    throw new SocketException((int)ErrorNumber.ToSocketError(error));
                }
            }
        }
        finally
        {
            if (held)
            {
                _handle.DangerousRelease();
            }
        }
    }
}
