using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Utp.Protocol.Addresses;
using Utp.Protocol.Time;

namespace Utp.Transport.Datagrams.Linux;

/// <summary>The arrays that <c>recvmmsg</c> fills for one batch. They are allocated once and stay pinned.</summary>
internal sealed unsafe class ReceiveVector
{
    private const int NameBytes = 32;
    /// <summary>Control bytes for the local address and the segment size of a train.</summary>
    private const int ControlBytes = PacketInformation.MaxReceivedBytes + ControlHeader.Bytes + 8;

    private readonly AddressFamily _family;
    private MessageEntry[] _entries = [];
    private IoVector[] _vectors = [];
    private byte[] _names = [];
    private byte[] _controls = [];
    private DatagramBatch? _batch;

    public ReceiveVector(AddressFamily family) => _family = family;

    /// <summary>Points the entries at the memory of an empty batch and makes them ready to be filled.</summary>
    public MessageEntry* Prepare(DatagramBatch batch)
    {
        if (!ReferenceEquals(batch, _batch))
        {
            PointAt(batch);
        }

        for (var i = 0; i < _entries.Length; i++)
        {
            // The kernel's output of the last call is still here.
            ref var header = ref _entries[i].Header;
            header.NameLength = NameBytes;
            header.ControlLength = ControlBytes;
            header.Flags = 0;
        }

        return Pinned(_entries);
    }

    /// <summary>Adds the received datagrams to the batch. Empty and truncated ones are left out; truncated ones count as errors.</summary>
    public void Complete(DatagramBatch batch, int count, Instant arrival)
    {
        for (var i = 0; i < count; i++)
        {
            ref readonly var entry = ref _entries[i];
            var length = (int)entry.Length;
            if ((entry.Header.Flags & LibC.Truncated) != 0)
            {
                batch.ErrorCount++;
                continue;
            }

            if (length == 0)
            {
                continue;
            }

            if (batch.Count != i)
            {
                // An earlier entry was left out, and the batch has no holes. This is rare enough for a copy.
                batch.Memory.AsSpan(batch.OffsetOf(i), length).CopyTo(batch.NextEntry);
            }

            var remote = SocketAddressBytes.Read(_names.AsSpan(i * NameBytes, NameBytes), _family);
            ReadControl(entry.Header, length, out var segmentSize, out var local);
            batch.Add(remote, length, segmentSize, arrival, local);
        }
    }

    private void PointAt(DatagramBatch batch)
    {
        _batch = batch;
        if (_entries.Length != batch.Capacity)
        {
            _entries = GC.AllocateArray<MessageEntry>(batch.Capacity, pinned: true);
            _vectors = GC.AllocateArray<IoVector>(batch.Capacity, pinned: true);
            _names = GC.AllocateArray<byte>(batch.Capacity * NameBytes, pinned: true);
            _controls = GC.AllocateArray<byte>(batch.Capacity * ControlBytes, pinned: true);
        }

        for (var i = 0; i < _entries.Length; i++)
        {
            _vectors[i] = new IoVector { Base = Pinned(batch.Memory) + batch.OffsetOf(i), Length = (nuint)batch.BytesPerEntry };
            ref var header = ref _entries[i].Header;
            header.Name = Pinned(_names) + (i * NameBytes);
            header.Vectors = Pinned(_vectors) + i;
            header.VectorCount = 1;
            header.Control = Pinned(_controls) + (i * ControlBytes);
        }
    }

    private static void ReadControl(in MessageHeader header, int length, out int segmentSize, out LocalAddress local)
    {
        segmentSize = length;
        local = default;
        var offset = 0;
        for (var control = ControlHeader.At(header, offset); control is not null; control = ControlHeader.At(header, offset))
        {
            if (control->Level == UdpOption.Level && control->Type == UdpOption.ReceiveOffload)
            {
                var size = Unsafe.ReadUnaligned<int>((byte*)control + ControlHeader.Bytes);
                segmentSize = size > 0 && size < length ? size : length;
            }
            else
            {
                PacketInformation.Read(control, ref local);
            }

            offset += ControlHeader.Align((int)control->Length);
        }
    }

    /// <summary>Gets a pointer to an array; only for arrays of the pinned heap.</summary>
    private static T* Pinned<T>(T[] array)
        where T : unmanaged => (T*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array));
}
