using Utp.Protocol.Wire;
using Utp.Transport.Datagrams;

namespace Utp.Transport.Sockets;

/// <summary>
/// What the network reported to another shard of the same endpoint and this shard's connections should know: the kernel finds the socket for a
/// report without asking how datagrams are shared out. Few and short-lived: memory is taken with the first.
/// </summary>
internal sealed class ForwardedReports
{
    private const int Capacity = 256;

    private readonly Lock _lock = new();
    private UnreachableReport[]? _reports;
    private byte[] _quotations = [];
    private int _first;
    private int _count;

    public bool HasAny => Volatile.Read(ref _count) > 0;

    /// <summary>One too many is dropped, like any datagram that a network loses. Any thread; the shard's turn follows.</summary>
    public void Add(in UnreachableReport report, ReadOnlySpan<byte> quotation)
    {
        lock (_lock)
        {
            if (_count == Capacity)
            {
                return;
            }

            _reports ??= new UnreachableReport[Capacity];
            _quotations = _quotations.Length > 0 ? _quotations : new byte[Capacity * PacketHeader.Size];
            var index = (_first + _count) % Capacity;
            _reports[index] = report;
            quotation[..PacketHeader.Size].CopyTo(_quotations.AsSpan(index * PacketHeader.Size));
            Interlocked.Exchange(ref _count, _count + 1);
        }
    }

    /// <summary>The oldest, and the beginning of the datagram that it is about.</summary>
    public bool TryTake(out UnreachableReport report, Span<byte> quotation)
    {
        if (HasAny)
        {
            lock (_lock)
            {
                if (_count > 0)
                {
                    report = _reports![_first];
                    _quotations.AsSpan(_first * PacketHeader.Size, PacketHeader.Size).CopyTo(quotation);
                    _first = (_first + 1) % Capacity;
                    Volatile.Write(ref _count, _count - 1);
                    return true;
                }
            }
        }

        report = default;
        return false;
    }

    public void Clear()
    {
        lock (_lock)
        {
            Volatile.Write(ref _count, 0);
        }
    }
}
