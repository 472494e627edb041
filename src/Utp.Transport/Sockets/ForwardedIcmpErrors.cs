using Utp.Protocol.Wire;
using Utp.Transport.Datagrams;

namespace Utp.Transport.Sockets;

/// <summary>
/// ICMP errors that another shard of the same endpoint has received for connections of this shard: the kernel chooses the socket for an ICMP
/// error without the rule by which it distributes datagrams. There are few of them, and they are handled soon. The first one allocates the memory.
/// </summary>
internal sealed class ForwardedIcmpErrors
{
    private const int Capacity = 256;

    private readonly Lock _lock = new();
    private IcmpError[]? _icmpErrors;
    private byte[] _quotations = [];
    private int _first;
    private int _count;

    public bool HasAny => Volatile.Read(ref _count) > 0;

    /// <summary>Adds one, or drops it if there are too many, like any datagram that a network loses. Any thread; the shard's turn follows.</summary>
    public void Add(in IcmpError icmpError, ReadOnlySpan<byte> quotation)
    {
        lock (_lock)
        {
            if (_count == Capacity)
            {
                return;
            }

            _icmpErrors ??= new IcmpError[Capacity];
            _quotations = _quotations.Length > 0 ? _quotations : new byte[Capacity * PacketHeader.Size];
            var index = (_first + _count) % Capacity;
            _icmpErrors[index] = icmpError;
            quotation[..PacketHeader.Size].CopyTo(_quotations.AsSpan(index * PacketHeader.Size));
            Interlocked.Exchange(ref _count, _count + 1);
        }
    }

    /// <summary>Takes the oldest one, and the beginning of the datagram that it is about.</summary>
    public bool TryTake(out IcmpError icmpError, Span<byte> quotation)
    {
        if (HasAny)
        {
            lock (_lock)
            {
                if (_count > 0)
                {
                    icmpError = _icmpErrors![_first];
                    _quotations.AsSpan(_first * PacketHeader.Size, PacketHeader.Size).CopyTo(quotation);
                    _first = (_first + 1) % Capacity;
                    Volatile.Write(ref _count, _count - 1);
                    return true;
                }
            }
        }

        icmpError = default;
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
