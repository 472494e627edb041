using System.Runtime.InteropServices;

namespace Utp.Transport.Datagrams.Linux;

/// <summary>The system calls that the runtime's socket does not offer. The runtime resolves "libc" on both glibc and musl.</summary>
internal static unsafe partial class LibC
{
    /// <summary><c>MSG_DONTWAIT</c>: this call does not wait, whatever the descriptor is set to.</summary>
    public const int DoNotWait = 0x40;

    /// <summary><c>MSG_TRUNC</c> in the flags of a received message: the message did not fit.</summary>
    public const int Truncated = 0x20;

    /// <summary><c>MSG_ERRQUEUE</c>: receive ICMP errors instead of datagrams.</summary>
    public const int ErrorQueue = 0x2000;

    /// <summary><c>MSG_WAITFORONE</c>: wait for the first message, and take only those already queued behind it.</summary>
    public const int WaitForFirst = 0x10000;

    /// <summary><c>F_SETFD</c>.</summary>
    public const int SetDescriptorFlags = 2;

    /// <summary><c>FD_CLOEXEC</c>.</summary>
    public const int CloseOnExec = 1;

    /// <summary><c>F_DUPFD_CLOEXEC</c>.</summary>
    public const int DuplicateCloseOnExec = 1030;

    /// <summary><c>F_GETFL</c>.</summary>
    public const int GetFileFlags = 3;

    /// <summary><c>F_SETFL</c>.</summary>
    public const int SetFileFlags = 4;

    /// <summary><c>O_NONBLOCK</c>.</summary>
    public const int NonBlockingFile = 0x800;

    /// <summary><c>EFD_CLOEXEC | EFD_NONBLOCK</c>.</summary>
    public const int EventFlags = 0x80000 | 0x800;

    [LibraryImport("libc", EntryPoint = "recvmmsg", SetLastError = true)]
    public static partial int ReceiveMessages(int socket, MessageEntry* entries, uint count, int flags, void* timeout);

    [LibraryImport("libc", EntryPoint = "sendmmsg", SetLastError = true)]
    public static partial int SendMessages(int socket, MessageEntry* entries, uint count, int flags);

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    public static partial nint SendMessage(int socket, MessageHeader* message, int flags);

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    public static partial nint ReceiveMessage(int socket, MessageHeader* message, int flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int ControlFile(int descriptor, int command, int argument);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollEntry* entries, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc", EntryPoint = "ppoll", SetLastError = true)]
    public static partial int PollPrecisely(PollEntry* entries, nuint count, TimeSpecification* timeout, void* signalMask);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int CreateEvent(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, void* buffer, nuint count);
}
