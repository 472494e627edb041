using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Utp.Protocol.Wire;
using Utp.Simulation;
using Utp.Simulation.Network;

namespace Utp.Lab;

/// <summary>
/// Bridges two interfaces and delays packets with the simulator's own links, in real time. It runs as a separate process inside its namespace, until
/// it is killed.
/// </summary>
internal sealed class DelayLine : IDisposable
{
    public const string Verb = "delay-line";

    private const short PollIn = 1;

    private readonly SimulationRun _run = new(seed: 1);
    private readonly long _origin = Stopwatch.GetTimestamp();
    private readonly PacketSocket _left;
    private readonly PacketSocket _right;
    private readonly Route _rightwards;
    private readonly Route _leftwards;

    private DelayLine(string leftInterface, string rightInterface, LinkSettings rightwards, LinkSettings leftwards)
    {
        _left = new PacketSocket(leftInterface);
        _right = new PacketSocket(rightInterface);
        _rightwards = new Route(new Exit(_run, _right), new Link(_run, rightwards));
        _leftwards = new Route(new Exit(_run, _left), new Link(_run, leftwards));
    }

    private long Now => (long)((Stopwatch.GetTimestamp() - _origin) * (1e9 / Stopwatch.Frequency));

    public static int Start(string[] arguments)
    {
        double Number(int index) => double.Parse(arguments[index], CultureInfo.InvariantCulture);

        var plain = new LinkSettings { Name = "back", PropagationNanos = Nanos.FromMilliseconds(Number(2)) };
        var impaired = plain with
        {
            Name = "there",
            ReorderProbability = Number(3),
            ReorderExtraNanos = (long)Number(4),
            DuplicateProbability = Number(5),
            JitterNanos = (long)Number(6),
        };
        using var line = new DelayLine(arguments[0], arguments[1], impaired, plain);
        line.Loop();
        return 0;
    }

    public void Dispose() => _run.Dispose();

    private void Loop()
    {
        PacketSocket.UseFineTimers();
        var descriptors = new[] { new PollDescriptor(_left.Descriptor, PollIn), new PollDescriptor(_right.Descriptor, PollIn) };
        while (true)
        {
            var wait = _run.PendingCount == 0 ? Nanos.PerSecond : Math.Max(0, _run.NextTime - Now);
            PacketSocket.Poll(descriptors, wait);
            _run.RunUntil(Now);
            Receive(_left, _rightwards);
            Receive(_right, _leftwards);
        }
    }

    private void Receive(PacketSocket socket, Route route)
    {
        for (var i = 0; i < 256; i++)
        {
            var packet = _run.Packets.Rent();
            var length = socket.Receive(packet.Buffer);
            if (length <= 0)
            {
                _run.Packets.Return(packet);
                return;
            }

            packet.Length = length;
            packet.WireBytes = length;
            _run.RunUntil(Now);
            route.Send(packet);
        }
    }

    private sealed class Exit(SimulationRun run, PacketSocket socket) : INode
    {
        public void Receive(Packet packet)
        {
            socket.Send(packet.Datagram);
            run.Packets.Return(packet);
        }
    }
}

/// <summary>A raw packet socket on one interface; .NET's sockets do not know the address family well enough.</summary>
internal sealed unsafe partial class PacketSocket
{
    private const int AddressFamily = 17;
    private const int RawNonBlocking = 3 | 0x800;
    private const ushort AllProtocols = 0x0003;
    private const int SolSocket = 1;
    private const int SolPacket = 263;
    private const int ReceiveBufferForce = 33;
    private const int SendBufferForce = 32;
    private const int IgnoreOutgoing = 23;
    private const int BufferBytes = 32 << 20;
    private const int TimerSlack = 29;

    public PacketSocket(string name)
    {
        var protocol = (ushort)(AllProtocols << 8);
        Descriptor = Require(socket(AddressFamily, RawNonBlocking, protocol), "socket");
        var size = BufferBytes;
        Require(setsockopt(Descriptor, SolSocket, ReceiveBufferForce, &size, sizeof(int)), "setsockopt(SO_RCVBUFFORCE)");
        Require(setsockopt(Descriptor, SolSocket, SendBufferForce, &size, sizeof(int)), "setsockopt(SO_SNDBUFFORCE)");
        var isOn = 1;
        Require(setsockopt(Descriptor, SolPacket, IgnoreOutgoing, &isOn, sizeof(int)), "setsockopt(PACKET_IGNORE_OUTGOING)");
        var address = new LinkLayerAddress { Family = AddressFamily, Protocol = protocol, Interface = Require((int)if_nametoindex(name), "if_nametoindex") };
        Require(bind(Descriptor, &address, sizeof(LinkLayerAddress)), "bind");
    }

    public int Descriptor { get; }

    /// <summary>Requests precise timers: timers of ordinary processes may be late by 50 microseconds, on purpose.</summary>
    public static void UseFineTimers() => Require(prctl(TimerSlack, 1, 0, 0, 0), "prctl(PR_SET_TIMERSLACK)");

    public static void Poll(PollDescriptor[] descriptors, long nanos)
    {
        var timeout = new TimeSpecification { Seconds = nanos / Nanos.PerSecond, Nanoseconds = nanos % Nanos.PerSecond };
        fixed (PollDescriptor* first = descriptors)
        {
            _ = ppoll(first, (ulong)descriptors.Length, &timeout, null);
        }
    }

    public int Receive(Span<byte> buffer)
    {
        fixed (byte* first = buffer)
        {
            return (int)recv(Descriptor, first, (nuint)buffer.Length, 0);
        }
    }

    public void Send(ReadOnlySpan<byte> frame)
    {
        fixed (byte* first = frame)
        {
            _ = send(Descriptor, first, (nuint)frame.Length, 0);
        }
    }

    private static int Require(int result, string call) =>
        result >= 0 ? result : throw new InvalidOperationException($"{call} failed with error {Marshal.GetLastPInvokeError()}.");

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(int descriptor, LinkLayerAddress* address, int length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(int descriptor, int level, int name, void* value, int length);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial uint if_nametoindex(string name);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint send(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ppoll(PollDescriptor* descriptors, ulong count, TimeSpecification* timeout, void* signals);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nuint first, nuint second, nuint third, nuint fourth);

    [StructLayout(LayoutKind.Sequential)]
    private struct LinkLayerAddress
    {
        public ushort Family;
        public ushort Protocol;
        public int Interface;
        public ushort HardwareType;
        public byte PacketType;
        public byte AddressLength;
        public ulong Address;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpecification
    {
        public long Seconds;
        public long Nanoseconds;
    }
}

/// <summary>The structure that poll(2) waits on.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollDescriptor(int descriptor, short events)
{
    public int Descriptor = descriptor;
    public short Events = events;
    public short Returned;
}
