using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Utp.Transport.Datagrams.Linux;

namespace Utp.Transport.Tests.Datagrams.Linux;

/// <summary>System calls that fail as configured, and record how they were called.</summary>
internal sealed unsafe class FakeLinuxSocket : ILinuxSocket
{
    private readonly SemaphoreSlim _signal = new(0);

    /// <summary>The results of the next calls; when empty, calls succeed.</summary>
    public Queue<int> ReceiveResults { get; } = new();

    public Queue<int> WaitResults { get; } = new();

    public Queue<int> TrainResults { get; } = new();

    public Queue<int> DatagramResults { get; } = new();

    /// <summary>The error of every datagram when <see cref="DatagramResults"/> is empty; zero for success.</summary>
    public int DatagramFailure { get; set; }

    public ConcurrentQueue<byte[]> Arriving { get; } = new();

    /// <summary>One line per call: "train 2800/1400" (one message for the kernel to cut), "batch 3" or "datagram 17 from 127.0.0.2".</summary>
    public List<string> Journal { get; } = [];

    public List<byte> Sent { get; } = [];

    /// <summary>Number of receives that found nothing and were not to wait.</summary>
    public int FruitlessLooks { get; private set; }

    /// <summary>Number of receives that were to wait for the first datagram themselves.</summary>
    public int WaitingReceives { get; private set; }

    /// <summary>The timeouts of the waits, in microseconds; negative for none.</summary>
    public List<long> WaitTimeouts { get; } = [];

    /// <summary>Called when the channel begins to wait.</summary>
    public Action? Waiting { get; set; }

    public int SignalCount => _signal.CurrentCount;

    public int ReceiveMessages(MessageEntry* entries, int count, bool mayWait)
    {
        WaitingReceives += mayWait ? 1 : 0;
        if (ReceiveResults.TryDequeue(out var result) && result < 0)
        {
            return result;
        }

        var received = 0;
        while (received < count && Arriving.TryDequeue(out var datagram))
        {
            datagram.CopyTo(new Span<byte>(entries[received].Header.Vectors->Base, (int)entries[received].Header.Vectors->Length));
            entries[received].Header.ControlLength = 0;
            entries[received++].Length = (uint)datagram.Length;
        }

        FruitlessLooks += received == 0 && !mayWait ? 1 : 0;
        return received > 0 ? received : -ErrorNumber.TryAgain;
    }

    /// <summary>The error queue: each report has the content that the kernel would write.</summary>
    public ConcurrentQueue<FakeReport> Reports { get; } = new();

    public int ReceiveIcmpErrors(MessageEntry* entries, int count)
    {
        var received = 0;
        while (received < count && Reports.TryDequeue(out var report))
        {
            report.WriteTo(ref entries[received++]);
        }

        return received > 0 ? received : -ErrorNumber.TryAgain;
    }

    public int SendMessages(MessageEntry* entries, int count)
    {
        Journal.Add($"batch {count}{SourceOf(&entries->Header)}");
        var result = DatagramResults.TryDequeue(out var queued) ? queued : DatagramFailure < 0 ? DatagramFailure : count;
        for (var i = 0; i < result; i++)
        {
            Assert.Equal(0, SegmentSizeOf(&entries[i].Header));
            Assert.Equal(SourceOf(&entries->Header), SourceOf(&entries[i].Header));
            Keep(&entries[i].Header);
        }

        return result;
    }

    public int SendMessage(MessageHeader* message)
    {
        var length = (int)message->Vectors->Length;
        int result;
        if (SegmentSizeOf(message) is var segmentSize && segmentSize == 0)
        {
            Journal.Add($"datagram {length}{SourceOf(message)}");
            result = DatagramResults.TryDequeue(out var queued) ? queued : DatagramFailure < 0 ? DatagramFailure : length;
        }
        else
        {
            Journal.Add($"train {length}/{segmentSize}{SourceOf(message)}");
            result = TrainResults.TryDequeue(out var queued) ? queued : length;
        }

        if (result >= 0)
        {
            Assert.Equal(length, result);
            Keep(message);
        }

        return result;
    }

    public int WaitReadable(long timeoutMicros)
    {
        WaitTimeouts.Add(timeoutMicros);
        Waiting?.Invoke();
        if (WaitResults.TryDequeue(out var result))
        {
            return result;
        }

        if (!Reports.IsEmpty)
        {
            return 1;
        }

        if (Arriving.IsEmpty)
        {
            _signal.Wait(timeoutMicros < 0 ? ChannelFixture.Patience : TimeSpan.FromMilliseconds((timeoutMicros + 999) / 1_000));
        }

        return 0;
    }

    public int WaitWritable(int timeoutMilliseconds) => 1;

    public void Signal() => _signal.Release();

    public void SetFragmentation(bool ipv4, bool allowed) => Journal.Add((allowed ? "allow" : "forbid") + (ipv4 ? " IPv4" : " IPv6"));

    public long? ReadDropCount() => null;

    public void Dispose() => _signal.Release();

    /// <summary>Gets " from 127.0.0.2" for a message that names its source address.</summary>
    private static string SourceOf(MessageHeader* message) =>
        ControlHeader.FindLocalAddress(*message) is { IsUnspecified: false } local ? $" from {local}" : string.Empty;

    /// <summary>Gets the size at which the kernel is to cut; zero for none.</summary>
    private static int SegmentSizeOf(MessageHeader* message)
    {
        var (offset, segmentSize) = (0, 0);
        for (var control = ControlHeader.At(*message, offset); control is not null; control = ControlHeader.At(*message, offset))
        {
            if ((control->Level, control->Type) == (17, 103))
            {
                Assert.Equal(18, (int)control->Length);
                segmentSize = Unsafe.ReadUnaligned<ushort>((byte*)control + ControlHeader.Bytes);
            }

            offset += ControlHeader.Align((int)control->Length);
        }

        Assert.Equal(offset, (int)message->ControlLength);
        Assert.True(offset > 0 || message->Control is null);
        return segmentSize;
    }

    private void Keep(MessageHeader* message) => Sent.AddRange(new ReadOnlySpan<byte>(message->Vectors->Base, (int)message->Vectors->Length));
}
