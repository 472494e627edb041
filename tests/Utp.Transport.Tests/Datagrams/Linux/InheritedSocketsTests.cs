using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Utp.Transport.Datagrams.Inherited;

namespace Utp.Transport.Tests.Datagrams.Linux;

/// <summary>What a process takes from the environment of a service manager.</summary>
public sealed class InheritedSocketsTests
{
    [LinuxFact]
    public void SocketOfThisProcess_IsFoundByItsAddress_AsOftenAsItIsBound()
    {
        using var udp = Bound(SocketType.Dgram, ProtocolType.Udp);
        var inherited = Inherited(udp, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));

        using var first = inherited.TryOpen((IPEndPoint)udp.LocalEndPoint!);
        using var second = inherited.TryOpen((IPEndPoint)udp.LocalEndPoint!);

        Assert.Equal(udp.LocalEndPoint, first!.LocalEndPoint);
        Assert.Equal(udp.LocalEndPoint, second!.LocalEndPoint);
        Assert.NotEqual(udp.SafeHandle.DangerousGetHandle(), first.SafeHandle.DangerousGetHandle());
        Assert.Null(inherited.TryOpen(new IPEndPoint(IPAddress.Loopback, ((IPEndPoint)udp.LocalEndPoint!).Port + 1)));
        Assert.Null(inherited.TryOpen(new IPEndPoint(IPAddress.Any, ((IPEndPoint)udp.LocalEndPoint!).Port)));
    }

    [LinuxTheory]
    [InlineData(null)]
    [InlineData("1")]
    [InlineData("no number")]
    public void VariablesOfAnotherProcess_AreIgnored(string? processId)
    {
        using var udp = Bound(SocketType.Dgram, ProtocolType.Udp);

        Assert.Null(Inherited(udp, processId).TryOpen((IPEndPoint)udp.LocalEndPoint!));
    }

    [LinuxFact]
    public void TcpSocket_IsLeftAlone()
    {
        using var tcp = Bound(SocketType.Stream, ProtocolType.Tcp);

        Assert.Null(Inherited(tcp, Environment.ProcessId.ToString(CultureInfo.InvariantCulture)).TryOpen((IPEndPoint)tcp.LocalEndPoint!));
    }

    [LinuxFact]
    public void ClosedDescriptor_IsLeftAlone()
    {
        using var udp = Bound(SocketType.Dgram, ProtocolType.Udp);

        var inherited = new InheritedSockets(1, _ => "1", firstDescriptor: 1_000_000);

        Assert.Null(inherited.TryOpen((IPEndPoint)udp.LocalEndPoint!));
    }

    private static InheritedSockets Inherited(Socket socket, string? processId) => new(
        Environment.ProcessId,
        name => name switch
        {
            "LISTEN_PID" => processId,
            "LISTEN_FDS" => "1",
            _ => null,
        },
        (int)socket.SafeHandle.DangerousGetHandle());

    private static Socket Bound(SocketType type, ProtocolType protocol)
    {
        var socket = new Socket(AddressFamily.InterNetwork, type, protocol);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }
}
