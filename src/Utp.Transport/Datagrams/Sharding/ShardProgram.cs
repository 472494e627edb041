using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Utp.Transport.Datagrams.Sharding;

/// <summary>
/// <see cref="ShardSelector"/> as a program of classic BPF, which the kernel runs for each datagram to sockets that share a port: socket(7),
/// SO_ATTACH_REUSEPORT_CBPF. The program sees the payload, and finds the headers relative to the network header.
/// </summary>
internal static unsafe class ShardProgram
{
    /// <summary><c>SKF_NET_OFF</c>: offsets from here count from the network header.</summary>
    private const uint NetworkHeader = 0xFFF0_0000;

    /// <summary>
    /// No socket has this index, so the kernel chooses by its own hash, which gives the same shard for the same peer every time. Used for packets
    /// with IP options or extension headers: their port is at another offset, and the internet does not carry them anyway.
    /// </summary>
    private const uint KernelsChoice = uint.MaxValue;

    private const uint IPv4WithoutOptions = 0x45;
    private const uint Udp = 17;

    /// <summary>
    /// Continues with the instructions for IPv6 that follow, if the packet is one without extension headers. Jumps count from the instruction that
    /// follows them.
    /// </summary>
    private static readonly Instruction[] ToIPv6 =
    [
        new(Code.ShiftRight, 4),
        new(Code.JumpIfEqual, 6, ifTrue: 1),
        new(Code.Return, KernelsChoice),
        new(Code.LoadByte, NetworkHeader + 6),
        new(Code.JumpIfEqual, Udp, ifTrue: 1),
        new(Code.Return, KernelsChoice),
    ];

    /// <summary>Creates the instructions for this number of shards. The first shard is that of the socket that was bound first.</summary>
    public static Instruction[] Create(int count)
    {
        Instruction[] mix =
        [
            new(Code.CopyToIndex), new(Code.ShiftRight, ShardSelector.FirstShift), new(Code.XorIndex), new(Code.Multiply, ShardSelector.Factor),
            new(Code.CopyToIndex), new(Code.ShiftRight, ShardSelector.SecondShift), new(Code.XorIndex),
            new(Code.Modulo, (uint)count), new(Code.ReturnResult),
        ];
        Instruction[] ipv4 =
        [
            new(Code.LoadHalf, NetworkHeader + 20), new(Code.Multiply, ShardSelector.PortFactor), new(Code.CopyToIndex),
            new(Code.LoadWord, NetworkHeader + 12), new(Code.XorIndex),
        ];
        Instruction[] ipv6 =
        [
            new(Code.LoadHalf, NetworkHeader + 40), new(Code.Multiply, ShardSelector.PortFactor), new(Code.CopyToIndex),
            new(Code.LoadWord, NetworkHeader + 8), new(Code.XorIndex), new(Code.CopyToIndex),
            new(Code.LoadWord, NetworkHeader + 12), new(Code.XorIndex), new(Code.CopyToIndex),
            new(Code.LoadWord, NetworkHeader + 16), new(Code.XorIndex), new(Code.CopyToIndex),
            new(Code.LoadWord, NetworkHeader + 20), new(Code.XorIndex),
        ];

        return
        [
            new(Code.LoadByte, NetworkHeader),
            new(Code.JumpIfEqual, IPv4WithoutOptions, ifFalse: (byte)(ipv4.Length + 1)),
            .. ipv4,
            new(Code.Jump, (uint)(ToIPv6.Length + ipv6.Length)),
            .. ToIPv6,
            .. ipv6,
            .. mix,
        ];
    }

    /// <summary>Makes the kernel choose among all sockets that share the first one's port.</summary>
    public static bool TryAttach(UdpSocket first, int count, out string reason)
    {
        const int SocketLevel = 1;
        const int AttachClassicProgram = 51;
        var instructions = Create(count);
        fixed (Instruction* pinned = instructions)
        {
            var program = new Program { Length = (ushort)instructions.Length, Instructions = pinned };
            try
            {
                first.Socket.SetRawSocketOption(SocketLevel, AttachClassicProgram, new ReadOnlySpan<byte>(&program, sizeof(Program)));
                reason = string.Empty;
                return true;
            }
            catch (SocketException e)
            {
                reason = $"the kernel refuses SO_ATTACH_REUSEPORT_CBPF ({e.SocketErrorCode})";
                return false;
            }
        }
    }

    /// <summary>The action of an instruction on the accumulator: the sum of a class, a size and a mode of <c>linux/bpf_common.h</c>.</summary>
    internal enum Code : ushort
    {
        LoadWord = 0x20,
        LoadHalf = 0x28,
        LoadByte = 0x30,
        Multiply = 0x24,
        ShiftRight = 0x74,
        Modulo = 0x94,
        XorIndex = 0xAC,
        CopyToIndex = 0x07,
        Jump = 0x05,
        JumpIfEqual = 0x15,
        Return = 0x06,
        ReturnResult = 0x16,
    }

    /// <summary><c>struct sock_filter</c>, 8 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal readonly struct Instruction(Code code, uint operand = 0, byte ifTrue = 0, byte ifFalse = 0)
    {
        public readonly Code Code = code;
        public readonly byte IfTrue = ifTrue;
        public readonly byte IfFalse = ifFalse;
        public readonly uint Operand = operand;
    }

    /// <summary><c>struct sock_fprog</c>, 16 bytes on 64-bit systems.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Program
    {
        public ushort Length;
        public Instruction* Instructions;
    }
}
