using System.Net;
using System.Text;
using Utp.Transport.Datagrams;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Datagrams.Linux;

public sealed class InterfaceBindingTests
{
    private const int SocketLevel = 1;
    private const int BindToDevice = 25;

    [LinuxFact]
    public void Socket_IsBoundToTheInterface()
    {
        using var udp = UdpSocket.Open(new IPEndPoint(IPAddress.Loopback, 0), 65_536, 65_536, "lo");
        var name = new byte[16];

        var length = udp.Socket.GetRawSocketOption(SocketLevel, BindToDevice, name);

        Assert.Equal("lo", Encoding.UTF8.GetString(name, 0, length).TrimEnd('\0'));
    }

    [LinuxFact]
    public async Task Connections_OverTheInterface_Work()
    {
        await using var engines = new EngineFixture(options => (options.NetworkInterface, options.DatagramOffload) = ("lo", UtpDatagramOffload.Auto));
        var (client, server) = await engines.ConnectPairAsync();

        await client.Transport.Output.WriteAsync(PipeAssertions.Pattern(100_000)).AsTask().WaitAsync(EngineFixture.Patience);

        Assert.Equal(PipeAssertions.Pattern(100_000), await server.Transport.Input.ReadExactlyAsync(100_000));
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [LinuxFact]
    public async Task UnknownInterface_FailsTheBind_AndNamesKeyValueAndTheOnesThereAre()
    {
        await using var engines = new EngineFixture(options => options.NetworkInterface = "utp-none0");

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => engines.BindAsync().AsTask());

        Assert.StartsWith("Utp:Transport:NetworkInterface is 'utp-none0', and there is no such interface. This host has ", error.Message);
        Assert.Contains("lo", error.Message);
    }

    [LinuxFact]
    public async Task PortableChannel_IsRefused()
    {
        await using var engines = new EngineFixture(options => (options.NetworkInterface, options.DatagramOffload) = ("lo", UtpDatagramOffload.Portable));

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => engines.BindAsync().AsTask());

        Assert.Contains("which the portable channel (Utp:Transport:DatagramOffload) does not support", error.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("eth 0")]
    [InlineData("a/b")]
    [InlineData("sixteen-letters!")]
    public async Task NameThatNoInterfaceHas_IsRefusedAsAnOption(string name)
    {
        var error = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => UtpListener.BindAsync(
            new IPEndPoint(IPAddress.Loopback, 0), null, new UtpEngineOptions { Transport = new UtpTransportOptions { NetworkInterface = name } }).AsTask());

        Assert.Contains($"NetworkInterface is '{name}'. Expected the name of a network interface", error.Message);
    }
}
