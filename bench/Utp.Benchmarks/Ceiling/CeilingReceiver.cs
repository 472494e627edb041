using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Utp.Protocol;
using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Transport.Datagrams;
using Utp.Transport.Engine;

namespace Utp.Benchmarks.Ceiling;

/// <summary>
/// The second process: parses each header, copies each payload, acknowledges the number of packets. Prints its port, then one line per
/// transfer.
/// </summary>
internal sealed class CeilingReceiver(IDatagramChannel channel, UtpClock clock, int packetsPerAcknowledgement)
{
    public const string Command = "ceiling-receiver";

    private readonly byte[] _sink = new byte[256 * 1024];
    private readonly byte[] _acknowledgement = new byte[CeilingHeader.Length];
    private int _sinkOffset;
    private uint _packetCount;
    private uint _acknowledgedCount;
    private uint _delay;

    public static int Run(CeilingOptions options)
    {
        var clock = new UtpClock(TimeProvider.System);
        var transport = new UtpTransportOptions { DatagramOffload = options.Channels[0] };
        using var channel = DatagramChannelFactory.Create(new IPEndPoint(IPAddress.Loopback, 0), transport, clock, NullLogger.Instance);
        Console.WriteLine(channel.LocalEndPoint.Port.ToString(CultureInfo.InvariantCulture));

        // If the sender died, this process would wait forever; instead it ends with its parent's pipe.
        var parent = new Thread(() =>
        {
            Console.In.ReadToEnd();
            channel.Dispose();
        })
        { IsBackground = true };
        parent.Start();

        new CeilingReceiver(channel, clock, options.PacketsPerAcknowledgement).Serve();
        return 0;
    }

    private void Serve()
    {
        var batch = channel.CreateBatch();
        var startedCpu = Environment.CpuUsage.TotalTime;
        while (channel.Receive(batch))
        {
            for (var i = 0; i < batch.Count; i++)
            {
                var train = batch[i];
                var bytes = batch.BytesOf(i);
                for (var offset = 0; offset < train.Length; offset += train.SegmentSize)
                {
                    var packet = bytes.Slice(offset, Math.Min(train.SegmentSize, train.Length - offset));
                    var header = CeilingHeader.Read(packet);
                    if (header.Type == CeilingPacket.Quit)
                    {
                        return;
                    }

                    if (header.Type == CeilingPacket.End)
                    {
                        var cpu = Environment.CpuUsage.TotalTime;
                        Console.WriteLine(FormattableString.Invariant($"{_packetCount} {(cpu - startedCpu).TotalSeconds:F6}"));
                        (_packetCount, _acknowledgedCount, startedCpu) = (0, 0, cpu);
                        continue;
                    }

                    Take(header, packet[CeilingHeader.Length..], train.Arrival);
                }

                if (_packetCount - _acknowledgedCount >= packetsPerAcknowledgement)
                {
                    Acknowledge(train.Remote);
                }
            }
        }
    }

    private void Take(in CeilingHeader header, ReadOnlySpan<byte> payload, Instant arrival)
    {
        _packetCount++;
        _delay = unchecked(arrival.WireTimestamp - header.Timestamp);
        if (_sinkOffset + payload.Length > _sink.Length)
        {
            _sinkOffset = 0;
        }

        payload.CopyTo(_sink.AsSpan(_sinkOffset));
        _sinkOffset += payload.Length;
    }

    private void Acknowledge(PeerAddress remote)
    {
        _acknowledgedCount = _packetCount;
        new CeilingHeader(CeilingPacket.Acknowledgement, clock.Now.WireTimestamp, _delay, (uint)_sink.Length, _packetCount).Write(_acknowledgement);
        channel.Send(new Transmit(remote, CeilingHeader.Length, CeilingHeader.Length, false, null), _acknowledgement, out _);
    }
}
