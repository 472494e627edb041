namespace Utp.Interop.Tests.Harness;

/// <summary>
/// Tests that run one after another, after all others. Where many transfers share two processors, datagrams overflow the socket buffers of libutp, which
/// doubles its timeout with each retransmission that is lost: a transfer of a second then takes minutes.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
#pragma warning disable CA1711 // xUnit calls it so.
public sealed class AloneCollection
#pragma warning restore CA1711
{
    public const string Name = "alone";
}
