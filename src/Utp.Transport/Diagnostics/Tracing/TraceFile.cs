using System.Buffers;
using System.Net;
using Microsoft.Extensions.Logging;
using Utp.Protocol.Tracing;
using Utp.Transport.Connections;
using Utp.Transport.Engine;

namespace Utp.Transport.Diagnostics.Tracing;

/// <summary>
/// The trace of one engine. Sockets put records into an array and continue. A separate thread swaps that array for an empty one, a few times per
/// second, and does everything that is slow: formatting and writing to disk. When the array is full, records are dropped and counted.
/// </summary>
internal sealed class TraceFile : IDisposable
{
    /// <summary>The maximum number of records that wait for the thread. Two arrays take about 2.5 MB each.</summary>
    public const int DefaultCapacity = 8_192;

    private static readonly TimeSpan DrainInterval = TimeSpan.FromMilliseconds(25);

    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _stopping = new();
    private readonly Thread _writer;
    private readonly string _path;
    private readonly Stream _stream;
    private readonly UtpClock _clock;
    private readonly ILogger _logger;
    private readonly ArrayBufferWriter<byte> _buffer = new(64 * 1024);
    private readonly QlogFormat _format;
    private Entry[] _filling;
    private Entry[] _draining;
    private int _count;
    private long _droppedCount;
    private long _recordCount;
    private long _droppedWritten;
    private bool _isEnded;
    private bool _hasFailed;

    /// <summary>Takes ownership of the stream, and writes the header at once, so that an unwritable stream fails here.</summary>
    internal TraceFile(Stream stream, string path, UtpClock clock, ILogger logger, int capacity = DefaultCapacity)
    {
        _path = path;
        _stream = stream;
        _clock = clock;
        _logger = logger;
        _filling = new Entry[capacity];
        _draining = new Entry[capacity];
        _format = new QlogFormat(_buffer, clock.Now);
        _format.WriteHeader("utp", clock.TimeProvider.GetUtcNow());
        Flush();
        _writer = new Thread(WriteLoop) { IsBackground = true, Name = "uTP trace" };
        _writer.UnsafeStart();
    }

    /// <summary>Number of records that are not in the file and never will be. Any thread may read it.</summary>
    public long DroppedCount => Interlocked.Read(ref _droppedCount);

    /// <summary>Opens the trace file and replaces an existing one.</summary>
    /// <exception cref="IOException">The file cannot be written; the message names the key and the remedy.</exception>
    public static TraceFile Open(string path, UtpClock clock, ILogger logger)
    {
        FileStream? stream = null;
        try
        {
            stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
            var trace = new TraceFile(stream, path, clock, logger);
            UtpLog.TraceStarted(logger, path);
            return trace;
        }
        catch (Exception e) when (IsOfTheDisk(e))
        {
            stream?.Dispose();
            throw UtpErrors.TraceNotWritable(path, e);
        }
    }

    /// <summary>Adds a record, or counts it as dropped. The caller holds the turn of a socket; several sockets may call at once.</summary>
    public void Write(in TraceRecord record, IPEndPoint local)
    {
        lock (_lock)
        {
            if (_count < _filling.Length && !_isEnded)
            {
                _filling[_count++] = new Entry(record, local);
                return;
            }
        }

        Interlocked.Increment(ref _droppedCount);
    }

    /// <summary>Writes the waiting records and the end of the trace. Later records count as dropped.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isEnded)
            {
                return;
            }

            _isEnded = true;
        }

        _stopping.Set();
        _writer.Join();
        _stopping.Dispose();
        if (DroppedCount is var dropped and > 0)
        {
            UtpLog.TraceIncomplete(_logger, _path, dropped);
        }
    }

    private static bool IsOfTheDisk(Exception e) => e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException;

    private void WriteLoop()
    {
        while (!_stopping.Wait(DrainInterval))
        {
            Drain(isLast: false);
        }

        Drain(isLast: true);
        try
        {
            _stream.Dispose();
        }
        catch (Exception e) when (IsOfTheDisk(e))
        {
            Fail(e, 0);
        }

        _format.Dispose();
    }

    private void Drain(bool isLast)
    {
        int count;
        lock (_lock)
        {
            (_filling, _draining) = (_draining, _filling);
            (count, _count) = (_count, 0);
        }

        if (_hasFailed)
        {
            Interlocked.Add(ref _droppedCount, count);
            return;
        }

        try
        {
            WriteEntries(count);
            WriteState(isLast);
            Flush();
        }
        catch (Exception e) when (IsOfTheDisk(e))
        {
            Fail(e, count);
        }

        // The array must not keep strings and addresses of ended connections alive.
        Array.Clear(_draining, 0, count);
    }

    private void WriteEntries(int count)
    {
        for (var i = 0; i < count; i++)
        {
            ref var entry = ref _draining[i];
            _format.Write(entry.Record, entry.Local);
            _recordCount++;
            if (_buffer.WrittenCount >= _buffer.Capacity / 2)
            {
                Flush();
            }
        }
    }

    private void WriteState(bool isLast)
    {
        var dropped = DroppedCount;
        if (dropped != _droppedWritten)
        {
            _droppedWritten = dropped;
            _format.WriteDropped(_clock.Now, dropped);
        }

        if (isLast)
        {
            _format.WriteEnd(_clock.Now, _recordCount, dropped);
        }
    }

    private void Flush()
    {
        if (_buffer.WrittenCount > 0)
        {
            _stream.Write(_buffer.WrittenSpan);
            _stream.Flush();
            _buffer.ResetWrittenCount();
        }
    }

    /// <summary>Ends the trace, for example when the disk is full; connections continue.</summary>
    private void Fail(Exception exception, int lostCount)
    {
        Interlocked.Add(ref _droppedCount, lostCount);
        if (!_hasFailed)
        {
            _hasFailed = true;
            UtpLog.TraceFailed(_logger, _path, exception);
        }
    }

    private readonly record struct Entry(TraceRecord Record, IPEndPoint Local);
}
