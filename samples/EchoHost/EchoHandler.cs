using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace EchoHost;

/// <summary>A raw protocol over uTP: what comes in goes out again, until the peer has finished or the host stops.</summary>
internal sealed class EchoHandler : ConnectionHandler
{
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        var (input, output) = (connection.Transport.Input, connection.Transport.Output);
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;
        using var registration = stopping.Register(input.CancelPendingRead);
        while (true)
        {
            var received = await input.ReadAsync();
            foreach (var segment in received.Buffer)
            {
                output.Write(segment.Span);
            }

            input.AdvanceTo(received.Buffer.End);
            var flushed = await output.FlushAsync();
            if (received.IsCompleted || received.IsCanceled || flushed.IsCompleted)
            {
                return;
            }
        }
    }
}
