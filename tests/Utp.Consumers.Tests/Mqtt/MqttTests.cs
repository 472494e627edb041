using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using MQTTnet;
using MQTTnet.Adapter;
using MQTTnet.AspNetCore;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Diagnostics.PacketInspection;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Utp.Consumers.Tests.Mqtt;

/// <summary>MQTTnet: the broker accepts through its ASP.NET Core connection handler, the client speaks over a connection that it is given.</summary>
public sealed class MqttTests
{
    [Theory]
    [InlineData(Wire.Utp)]
    [InlineData(Wire.Tcp)]
    public async Task Broker_DeliversExactlyOnceInOrder(Wire wire)
    {
        await using var server = await StartAsync(wire);
        await using var subscriberConnection = await DialAsync(wire, server);
        await using var publisherConnection = await DialAsync(wire, server);
        using var subscriber = CreateClient(subscriberConnection);
        using var publisher = CreateClient(publisherConnection);
        var received = new List<string>();
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        subscriber.ApplicationMessageReceivedAsync += message =>
        {
            received.Add(message.ApplicationMessage.ConvertPayloadToString());
            if (received.Count == 100)
            {
                all.TrySetResult();
            }

            return Task.CompletedTask;
        };
        await subscriber.ConnectAsync(Options("subscriber")).WaitAsync(WebServer.Patience);
        await publisher.ConnectAsync(Options("publisher")).WaitAsync(WebServer.Patience);
        await subscriber.SubscribeAsync("numbers", MqttQualityOfServiceLevel.ExactlyOnce).WaitAsync(WebServer.Patience);

        for (var index = 0; index < 100; index++)
        {
            await publisher.PublishStringAsync("numbers", $"{index}", MqttQualityOfServiceLevel.ExactlyOnce).WaitAsync(WebServer.Patience);
        }

        await all.Task.WaitAsync(WebServer.Patience);
        Assert.Equal(Enumerable.Range(0, 100).Select(index => $"{index}"), received);
        await subscriber.DisconnectAsync().WaitAsync(WebServer.Patience);
        await publisher.DisconnectAsync().WaitAsync(WebServer.Patience);
    }

    private static Task<WebServer> StartAsync(Wire wire) => WebServer.StartAsync(
        wire,
        builder =>
        {
            builder.Services.AddHostedMqttServer(options => options.WithoutDefaultEndpoint());
            builder.Services.AddMqttConnectionHandler();
            builder.Services.AddConnections();
        },
        _ => { },
        listen => listen.UseMqtt());

    private static async Task<ConnectionContext> DialAsync(Wire wire, WebServer server) => wire == Wire.Utp
        ? await server.Utp.ConnectAsync(server.EndPoint).AsTask().WaitAsync(WebServer.Patience)
        : new StreamConnection(await server.ConnectAsync());

    private static IMqttClient CreateClient(ConnectionContext connection) =>
        new MqttClientFactory(new MqttNetNullLogger(), new ConnectionAdapterFactory(connection)).CreateMqttClient();

    private static MqttClientOptions Options(string client) => new MqttClientOptionsBuilder()
        .WithTcpServer("unused") // the options need some channel; the adapter below has the connection already
        .WithProtocolVersion(MqttProtocolVersion.V500)
        .WithClientId(client)
        .Build();

    private sealed class ConnectionAdapterFactory(ConnectionContext connection) : IMqttClientAdapterFactory
    {
        public IMqttChannelAdapter CreateClientAdapter(MqttClientOptions options, MqttPacketInspector packetInspector, IMqttNetLogger logger) =>
            new MqttConnectionContext(
                new MqttPacketFormatterAdapter(options.ProtocolVersion, new MqttBufferWriter(options.WriterBufferSize, options.WriterBufferSizeMax)),
                connection);
    }
}
