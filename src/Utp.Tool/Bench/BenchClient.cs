using System.Diagnostics;
using Microsoft.AspNetCore.Connections;

namespace Utp.Tool.Bench;

/// <summary>The connecting side of a measurement.</summary>
internal sealed class BenchClient(BenchTransport transport, UtpEndPoint remote, BenchPlan plan, BenchReporter reporter, Interruption interruption)
{
    public async Task RunAsync()
    {
        var meters = new StreamMeter[plan.Streams];
        for (var i = 0; i < meters.Length; i++)
        {
            meters[i] = new StreamMeter();
        }

        if (plan.Mode == BenchMode.Connect)
        {
            await reporter.MeasureAsync(plan.Mode, isSender: false, meters, subject: null, () => RunAllAsync(meters, ConnectManyAsync)).ConfigureAwait(false);
        }
        else
        {
            await MeasureStreamsAsync(meters).ConfigureAwait(false);
        }
    }

    private static Task RunAllAsync(StreamMeter[] meters, Func<StreamMeter, int, Task> run) => Task.WhenAll(meters.Select(run));

    /// <summary>Connecting is not part of what is measured.</summary>
    private async Task MeasureStreamsAsync(StreamMeter[] meters)
    {
        var connections = new ConnectionContext[meters.Length];
        using var abort = interruption.Aborting.UnsafeRegister(static state => AbortAll((ConnectionContext?[])state!), connections);
        try
        {
            for (var i = 0; i < meters.Length; i++)
            {
                connections[i] = await transport.ConnectAsync(remote, interruption.Closing).ConfigureAwait(false);
                meters[i].Attach(connections[i]);
            }

            await reporter.MeasureAsync(
                plan.Mode,
                plan.Mode is BenchMode.Send or BenchMode.Echo,
                meters,
                subject: null,
                () => RunAllAsync(meters, (meter, index) => RunStreamAsync(connections[index], meter, plan.HeaderOf(index)))).ConfigureAwait(false);
        }
        finally
        {
            foreach (var connection in connections.OfType<ConnectionContext>())
            {
                await connection.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task RunStreamAsync(ConnectionContext connection, StreamMeter meter, BenchHeader header)
    {
        if (plan.Bytes is not null && header.Bytes == 0)
        {
            // More streams than bytes.
            return;
        }

        // On a thread of the pool, or a stream that never waits would keep the others from starting.
        await Task.Yield();
        header.WriteTo(connection.Transport.Output);
        BenchTraffic.ThrowIfEnded(await connection.Transport.Output.FlushAsync(interruption.Closing).ConfigureAwait(false));
        await (header.Mode switch
        {
            BenchMode.Send => BenchTraffic.SendAsync(connection.Transport, header, meter, interruption.Closing),
            BenchMode.Receive => BenchTraffic.ReceiveAsync(connection.Transport, header, meter, interruption.Closing),
            _ => BenchTraffic.EchoAsync(connection.Transport, header, meter, interruption.Closing),
        }).ConfigureAwait(false);
    }

    /// <summary>One connection after the other, each open until a byte has come back over it.</summary>
    private async Task ConnectManyAsync(StreamMeter meter, int index)
    {
        await Task.Yield();
        var share = plan.HeaderOf(index).Bytes;
        var header = new BenchHeader(BenchMode.Connect, 1, 1, 0);
        var startedAt = Stopwatch.GetTimestamp();
        while (plan.Bytes is null ? Stopwatch.GetElapsedTime(startedAt) < plan.Time : meter.Connects < share)
        {
            var connectingAt = Stopwatch.GetTimestamp();
            var connection = await transport.ConnectAsync(remote, interruption.Closing).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                meter.Attach(connection);
                header.WriteTo(connection.Transport.Output);
                BenchTraffic.ThrowIfEnded(await connection.Transport.Output.FlushAsync(interruption.Closing).ConfigureAwait(false));
                await BenchTraffic.SkipAsync(connection.Transport.Input, 1, interruption.Closing).ConfigureAwait(false);
                meter.Latency.Record(connectingAt);
                meter.AddBytes(1);
                meter.AddMessage();
                meter.AddConnect();
                meter.Detach();
            }
        }
    }

    private static void AbortAll(ConnectionContext?[] connections)
    {
        foreach (var connection in connections)
        {
            connection?.Abort(new ConnectionAbortedException("Interrupted."));
        }
    }
}
