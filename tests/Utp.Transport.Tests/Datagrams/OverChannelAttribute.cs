using System.Reflection;
using Xunit.Sdk;

namespace Utp.Transport.Tests.Datagrams;

/// <summary>Runs a theory over one kind of channel; where the system lacks it the row is skipped and says so.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class OverChannelAttribute : DataAttribute
{
    private readonly UtpDatagramOffload _offload;

    public OverChannelAttribute(UtpDatagramOffload offload)
    {
        _offload = offload;
        if (offload != UtpDatagramOffload.Portable && !OperatingSystem.IsLinux())
        {
            Skip = $"The {offload} channel needs Linux.";
        }
    }

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[_offload]];
}
