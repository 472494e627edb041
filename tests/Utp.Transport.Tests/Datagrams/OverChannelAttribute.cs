using System.Collections.Concurrent;
using System.Reflection;
using Xunit.Sdk;

namespace Utp.Transport.Tests.Datagrams;

/// <summary>Runs a theory over one kind of channel; where the system lacks it, the row is skipped with the reason.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class OverChannelAttribute : DataAttribute
{
    private static readonly ConcurrentDictionary<UtpDatagramOffload, string?> Obstacles = new();
    private readonly UtpDatagramOffload _offload;

    public OverChannelAttribute(UtpDatagramOffload offload, bool needsIPv6 = false)
    {
        _offload = offload;
        Skip = needsIPv6 && !ChannelFixture.HasIPv6Loopback ? "It needs the IPv6 loopback address." : Obstacles.GetOrAdd(offload, ObstacleTo);
    }

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[_offload]];

    private static string? ObstacleTo(UtpDatagramOffload offload)
    {
        try
        {
            ChannelFixture.Open(offload).Dispose();
            return null;
        }
        catch (InvalidOperationException e) when (offload != UtpDatagramOffload.Portable)
        {
            return e.Message;
        }
    }
}
