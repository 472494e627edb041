using System.Net;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Transport.Datagrams;

namespace Utp.Transport.Tests.Sockets;

/// <summary>Replaces the sending of a fixture's channels. Null sends.</summary>
internal delegate SendOutcome? SendFault(in Transmit transmit, ReadOnlySpan<byte> train, ref int bytesSent);

/// <summary>Passes everything through, except for the sends that a test makes fail.</summary>
internal sealed class FaultyChannel(IDatagramChannel inner, Func<SendFault?> fault, Func<Action<IDatagramChannel>?>? receiveFault = null) : IDatagramChannel
{
    public IPEndPoint LocalEndPoint => inner.LocalEndPoint;

    public string Name => inner.Name;

    public int MaxSegmentsPerTrain => inner.MaxSegmentsPerTrain;

    public bool SegmentsTrains => inner.SegmentsTrains;

    public int ReceiveBufferBytes => inner.ReceiveBufferBytes;

    public int SendBufferBytes => inner.SendBufferBytes;

    public bool Receive(DatagramBatch batch, Instant deadline)
    {
        receiveFault?.Invoke()?.Invoke(inner);
        return inner.Receive(batch, deadline);
    }

    public SendOutcome Send(in Transmit transmit, ReadOnlySpan<byte> train, out int bytesSent)
    {
        bytesSent = 0;
        return fault()?.Invoke(transmit, train, ref bytesSent) is { } outcome
            ? outcome
            : inner.Send(transmit, train, out bytesSent);
    }

    public bool WaitWritable(TimeSpan timeout) => inner.WaitWritable(timeout);

    public void Wake() => inner.Wake();

    public void Dispose() => inner.Dispose();
}
