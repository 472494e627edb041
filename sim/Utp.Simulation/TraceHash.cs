using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Utp.Simulation;

/// <summary>
/// A SHA-256 over everything that the network did: the proof that two runs were identical, bit for bit. It covers the instant, the link, the result
/// for the packet, its length, and the uTP header, if it has one.
/// </summary>
internal sealed class TraceHash : IDisposable
{
    private const int HeaderBytes = 20;
    private const int RecordBytes = 16 + HeaderBytes;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _buffer = new byte[RecordBytes * 512];
    private int _used;

    public void Record(long time, int link, TraceEvent what, int length, ReadOnlySpan<byte> packet)
    {
        if (_used + RecordBytes > _buffer.Length)
        {
            Flush();
        }

        var record = _buffer.AsSpan(_used, RecordBytes);
        BinaryPrimitives.WriteInt64LittleEndian(record, time);
        BinaryPrimitives.WriteInt32LittleEndian(record[8..], (link << 4) | (int)what);
        BinaryPrimitives.WriteInt32LittleEndian(record[12..], length);
        var header = packet[..Math.Min(packet.Length, HeaderBytes)];
        header.CopyTo(record[16..]);
        record[(16 + header.Length)..].Clear();
        _used += RecordBytes;
    }

    /// <summary>The hash of the run so far, in hexadecimal.</summary>
    public string Current()
    {
        Flush();
        return Convert.ToHexStringLower(_hash.GetCurrentHash());
    }

    public void Dispose() => _hash.Dispose();

    private void Flush()
    {
        _hash.AppendData(_buffer, 0, _used);
        _used = 0;
    }
}

/// <summary>The result for a packet on a link.</summary>
internal enum TraceEvent
{
    Delivered,
    Lost,
    TooLong,
    QueueFull,
    ActiveQueueDrop,
    Duplicated,
}
