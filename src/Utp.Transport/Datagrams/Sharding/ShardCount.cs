using System.Runtime.InteropServices;

namespace Utp.Transport.Datagrams.Sharding;

/// <summary>How many UDP sockets each local endpoint is to have.</summary>
internal static class ShardCount
{
    /// <summary>The largest that may be configured.</summary>
    public const int Most = 64;

    /// <summary>The largest that nobody has asked for: each takes a thread, two kernel buffers and 2 MiB to receive into.</summary>
    public const int MostAutomatic = 8;

    /// <summary>One for every two processors: the other of the two is for the application and what the kernel does for the socket.</summary>
    public static int Automatic(int processorCount) => Math.Clamp(processorCount / 2, 1, MostAutomatic);

    /// <summary>As many as the options ask for; one, with the reason, where there cannot be more. Whether the kernel plays along shows later.</summary>
    public static int Of(UtpTransportOptions options, out string? whyOne)
    {
        var wanted = options.Shards ?? Automatic(Environment.ProcessorCount);
        whyOne = wanted == 1 ? null : WhyOne(options.DatagramOffload);
        return whyOne is null ? wanted : 1;
    }

    private static string? WhyOne(UtpDatagramOffload offload)
    {
        if (!OperatingSystem.IsLinux())
        {
            return "it needs Linux";
        }

        if (RuntimeInformation.ProcessArchitecture is not (Architecture.X64 or Architecture.Arm64))
        {
            return $"it needs an x64 or arm64 process, and this one is {RuntimeInformation.ProcessArchitecture}";
        }

        // Its receiver is woken by a datagram of the socket to itself, which would wake another shard.
        return offload == UtpDatagramOffload.Portable ? "the portable channel (Utp:Transport:DatagramOffload) cannot share a port" : null;
    }
}
