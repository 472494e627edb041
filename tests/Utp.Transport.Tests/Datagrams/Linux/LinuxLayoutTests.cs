using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Utp.Transport.Datagrams;
using Utp.Transport.Datagrams.Linux;
using static Utp.Transport.Tests.Datagrams.ChannelFixture;

namespace Utp.Transport.Tests.Datagrams.Linux;

/// <summary>The kernel's structures, and behaviour that only the Linux channels have.</summary>
public sealed class LinuxLayoutTests
{
    [Fact]
    public void Structures_On64Bit_HaveTheKernelsSizesAndOffsets()
    {
        Assert.Equal(8, IntPtr.Size);
        Assert.Equal(16, Unsafe.SizeOf<IoVector>());
        Assert.Equal(56, Unsafe.SizeOf<MessageHeader>());
        Assert.Equal(64, Unsafe.SizeOf<MessageEntry>());
        Assert.Equal(16, Unsafe.SizeOf<ControlHeader>());
        Assert.Equal(8, Unsafe.SizeOf<PollEntry>());
        Assert.Equal(16, (int)Marshal.OffsetOf<MessageHeader>(nameof(MessageHeader.Vectors)));
        Assert.Equal(32, (int)Marshal.OffsetOf<MessageHeader>(nameof(MessageHeader.Control)));
        Assert.Equal(48, (int)Marshal.OffsetOf<MessageHeader>(nameof(MessageHeader.Flags)));
        Assert.Equal(56, (int)Marshal.OffsetOf<MessageEntry>(nameof(MessageEntry.Length)));
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Receive_TrainOverLoopback_IsOneEntryWithItsSegmentSize(UtpDatagramOffload offload)
    {
        using var sender = Open(offload);
        using var receiver = Open(offload);
        var train = Bytes((44 * 1_400) + 5, seed: 9);
        Assert.Equal(SendOutcome.Sent, sender.Send(To(receiver, train.Length, 1_400), train, out _));
        var batch = NewBatch();

        Assert.True(await Task.Run(() => receiver.Receive(batch)).WaitAsync(Patience));

        Assert.Equal(1, batch.Count);
        Assert.Equal(1_400, batch[0].SegmentSize);
        Assert.Equal(train, batch.BytesOf(0).ToArray());
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Send_SegmentationToPlainReceiver_ArrivesAsDatagrams(UtpDatagramOffload offload)
    {
        using var sender = Open(offload);
        using var receiver = Open(UtpDatagramOffload.Portable);
        var train = Bytes(14_000, seed: 9);
        sender.Send(To(receiver, train.Length, 1_400), train, out _);

        var datagrams = await CollectAsync(receiver, 10);

        AssertSame(Cut(train, 1_400), datagrams);
    }

    [LinuxFact]
    public void ReceiveDropCount_BufferOverrun_CountsTheDropped()
    {
        using var sender = Open(UtpDatagramOffload.Portable);
        using var receiver = DatagramChannelFactory.Create(
            new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0),
            new UtpTransportOptions { KernelReceiveBufferSize = 64 * 1024 },
            Clock,
            Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        Assert.Equal(0, receiver.ReceiveDropCount);
        for (var i = 0; i < 200; i++)
        {
            sender.Send(To(receiver, 1_400, 1_400), new byte[1_400], out _);
        }

        Assert.True(SpinWait.SpinUntil(() => receiver.ReceiveDropCount > 0, Patience));
        Assert.InRange(receiver.ReceiveDropCount!.Value, 1, 199);
    }
}
