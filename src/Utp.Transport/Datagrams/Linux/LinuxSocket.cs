using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Utp.Transport.Datagrams.Linux;

/// <summary>
/// <see cref="ILinuxSocket"/> over the runtime's socket handle and an event descriptor. Each call holds the handle, so that a dispose on another
/// thread closes the descriptor only after the call, and a number that the system has reused for another file is never used.
/// </summary>
internal sealed unsafe class LinuxSocket : ILinuxSocket
{
    /// <summary>
    /// Long enough for datagrams that follow at once, and short enough for events that wake only a poll: wake requests, and ICMP errors that
    /// a send has taken first.
    /// </summary>
    private const int LongestReceiveMilliseconds = 4;

    private readonly UdpSocket _udp;
    private readonly SafeHandle _socket;
    private readonly SafeFileHandle _event;

    /// <summary>Flags of a receive that may wait. Once they allow it, the wait is limited by the socket's own timeout.</summary>
    private int _waitingFlags = LibC.DoNotWait;

    /// <exception cref="Win32Exception">The system has no free descriptors.</exception>
    public LinuxSocket(UdpSocket udp)
    {
        _udp = udp;
        _socket = udp.Socket.SafeHandle;
        var descriptor = LibC.CreateEvent(0, LibC.EventFlags);
        _event = descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    public int ReceiveMessages(MessageEntry* entries, int count, bool mayWait) =>
        Receive(entries, count, mayWait ? _waitingFlags : LibC.DoNotWait);

    public int ReceiveIcmpErrors(MessageEntry* entries, int count) => Receive(entries, count, LibC.DoNotWait | LibC.ErrorQueue);

    public int SendMessages(MessageEntry* entries, int count)
    {
        if (!TryHold(_socket))
        {
            return -ErrorNumber.BadDescriptor;
        }

        int result;
        do
        {
            result = LibC.SendMessages((int)_socket.DangerousGetHandle(), entries, (uint)count, LibC.DoNotWait);
            result = result < 0 ? -Marshal.GetLastPInvokeError() : result;
        }
        while (result == -ErrorNumber.Interrupted);

        _socket.DangerousRelease();
        return result;
    }

    public int SendMessage(MessageHeader* message)
    {
        if (!TryHold(_socket))
        {
            return -ErrorNumber.BadDescriptor;
        }

        int result;
        do
        {
            result = (int)LibC.SendMessage((int)_socket.DangerousGetHandle(), message, LibC.DoNotWait);
            result = result < 0 ? -Marshal.GetLastPInvokeError() : result;
        }
        while (result == -ErrorNumber.Interrupted);

        _socket.DangerousRelease();
        return result;
    }

    public int WaitReadable(long timeoutMicros)
    {
        if (!TryHold(_socket))
        {
            return -ErrorNumber.BadDescriptor;
        }

        if (!TryHold(_event))
        {
            _socket.DangerousRelease();
            return -ErrorNumber.BadDescriptor;
        }

        var entries = stackalloc PollEntry[2];
        entries[0] = new PollEntry { Descriptor = (int)_socket.DangerousGetHandle(), Events = PollEntry.In };
        entries[1] = new PollEntry { Descriptor = (int)_event.DangerousGetHandle(), Events = PollEntry.In };
        var timeout = new TimeSpecification { Seconds = timeoutMicros / 1_000_000, Nanoseconds = timeoutMicros % 1_000_000 * 1_000 };
        var result = LibC.PollPrecisely(entries, 2, timeoutMicros < 0 ? null : &timeout, null) < 0 ? -Marshal.GetLastPInvokeError() : 0;
        if (result == 0 && (entries[0].ReturnedEvents & PollEntry.Error) != 0)
        {
            result = 1;
        }

        if (result >= 0 && entries[1].ReturnedEvents != 0)
        {
            // One read takes all signals since the last one.
            ulong signals;
            _ = LibC.Read(entries[1].Descriptor, &signals, sizeof(ulong));
        }

        _event.DangerousRelease();
        _socket.DangerousRelease();
        return result;
    }

    public int WaitWritable(int timeoutMilliseconds)
    {
        if (!TryHold(_socket))
        {
            return -ErrorNumber.BadDescriptor;
        }

        var entry = new PollEntry { Descriptor = (int)_socket.DangerousGetHandle(), Events = PollEntry.Out };
        var result = LibC.Poll(&entry, 1, timeoutMilliseconds);
        result = result < 0 ? -Marshal.GetLastPInvokeError() : result;
        _socket.DangerousRelease();
        return result;
    }

    public void Signal()
    {
        if (TryHold(_event))
        {
            ulong one = 1;
            _ = LibC.Write((int)_event.DangerousGetHandle(), &one, sizeof(ulong));
            _event.DangerousRelease();
        }
    }

    public void SetFragmentation(bool ipv4, bool allowed)
    {
        try
        {
            _udp.Fragmentation.Set(ipv4, allowed);
        }
        catch (ObjectDisposedException)
        {
            // The send that follows reports the error.
        }
    }

    public long? ReadDropCount() => _udp.ReadDropCount();

    public void Dispose()
    {
        _udp.Dispose();
        _event.Dispose();
    }

    /// <summary>
    /// Lets receives wait for up to <see cref="LongestReceiveMilliseconds"/>. This is the last step of creating a channel: the socket becomes
    /// blocking, so a call waits unless it says otherwise, and the runtime's calls do not say so. Where the system refuses, receives stay as they
    /// were.
    /// </summary>
    public void LetReceivesWait()
    {
        const int SocketLevel = 1;
        const int ReceiveTimeout = 20;
        try
        {
            // This is a struct timeval of 64-bit systems.
            ReadOnlySpan<long> timeout = [0, LongestReceiveMilliseconds * 1_000];
            _udp.Socket.SetRawSocketOption(SocketLevel, ReceiveTimeout, MemoryMarshal.AsBytes(timeout));
        }
        catch (SocketException)
        {
            return;
        }

        var descriptor = (int)_socket.DangerousGetHandle();
        var flags = LibC.ControlFile(descriptor, LibC.GetFileFlags, 0);
        if (flags >= 0 && LibC.ControlFile(descriptor, LibC.SetFileFlags, flags & ~LibC.NonBlockingFile) >= 0)
        {
            _waitingFlags = LibC.WaitForFirst;
        }
    }

    /// <summary>Disposes only the event, for a socket that another channel is to use instead.</summary>
    public void DisposeEventOnly() => _event.Dispose();

    private int Receive(MessageEntry* entries, int count, int flags)
    {
        if (!TryHold(_socket))
        {
            return -ErrorNumber.BadDescriptor;
        }

        var result = LibC.ReceiveMessages((int)_socket.DangerousGetHandle(), entries, (uint)count, flags, null);
        result = result < 0 ? -Marshal.GetLastPInvokeError() : result;
        _socket.DangerousRelease();
        return result;
    }

    private static bool TryHold(SafeHandle handle)
    {
        try
        {
            var held = false;
            handle.DangerousAddRef(ref held);
            return held;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }
}
