using System.Runtime.InteropServices;

namespace Utp.Transport.Datagrams.Sharding;

/// <summary>Chooses the number of UDP sockets of each local endpoint.</summary>
internal static class ShardCount
{
    /// <summary>The maximum that may be configured.</summary>
    public const int Most = 64;

    /// <summary>Upper limit of the automatic number of shards. Each takes a thread, two kernel buffers and 2 MiB to receive into.</summary>
    public const int MostAutomatic = 8;

    /// <summary>Gets one shard for every two processors; the other processor is for the application and for the kernel's work for the socket.</summary>
    public static int Automatic(int processorCount) => Math.Clamp(processorCount / 2, 1, MostAutomatic);

    /// <summary>
    /// Gets the number that the options ask for; one, with the reason, where more are impossible. Whether the kernel accepts it is known later.
    /// </summary>
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

        // The portable channel wakes its receiver with a datagram from the socket to itself, which would wake another shard.
        return offload == UtpDatagramOffload.Portable ? "the portable channel (Utp:Transport:DatagramOffload) cannot share a port" : null;
    }
}
