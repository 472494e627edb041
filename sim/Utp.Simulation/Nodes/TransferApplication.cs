using System.Security.Cryptography;

namespace Utp.Simulation.Nodes;

/// <summary>
/// Writes a seeded stream, as fast as the connection takes it or at a given rate, and checks every byte of the stream from the other end. It
/// consumes received bytes at once, or at a given rate.
/// </summary>
internal sealed class TransferApplication : IStreamApplication, IEventTarget
{
    private const long TickNanos = 5 * Nanos.PerMillisecond;

    private readonly SimulationRun _run;
    private readonly TransferSettings _settings;
    private readonly PayloadStream? _outgoing;
    private readonly PayloadStream? _incoming;
    private readonly IncrementalHash? _sentHash;
    private readonly IncrementalHash? _receivedHash;
    private readonly int _target;
    private StreamEnd? _end;
    private long _unconsumed;
    private double _writeCredit;
    private double _readCredit;
    private bool _isTicking;

    public TransferApplication(SimulationRun run, TransferSettings settings)
    {
        _run = run;
        _settings = settings;
        _target = run.Register(this);
        _outgoing = settings.BytesToSend > 0 ? new PayloadStream(settings.OutgoingSeed) : null;
        _incoming = settings.IncomingSeed is { } seed ? new PayloadStream(seed) : null;
        WriteBitsPerSecond = settings.WriteBitsPerSecond;
        ReadBitsPerSecond = settings.ReadBitsPerSecond;
        if (settings.ComputesHashes)
        {
            _sentHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            _receivedHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        }
    }

    public StreamEnd? End => _end;

    /// <summary>Rate at which the application writes; zero for no limit.</summary>
    public long WriteBitsPerSecond { get; private set; }

    /// <summary>Rate at which the application reads; zero reads at once.</summary>
    public long ReadBitsPerSecond { get; private set; }

    public long ReceivedBytes { get; private set; }

    /// <summary>Virtual time at which the last payload arrived.</summary>
    public long LastPayloadAt { get; private set; }

    public bool HasWrittenAll => _end is not null && _end.WrittenBytes >= _settings.BytesToSend;

    public string SentHash => Convert.ToHexStringLower(_sentHash!.GetCurrentHash());

    public string ReceivedHash => Convert.ToHexStringLower(_receivedHash!.GetCurrentHash());

    public void ChangeRates(long writeBitsPerSecond, long readBitsPerSecond = 0)
    {
        WriteBitsPerSecond = writeBitsPerSecond;
        ReadBitsPerSecond = readBitsPerSecond;
        _end?.Act(_ => Work());
    }

    public void OnOpened(StreamEnd end)
    {
        _end = end;
        Work();
    }

    public void OnPayload(StreamEnd end, ReadOnlySpan<byte> payload)
    {
        if (_incoming is not null && _incoming.FirstDifference(ReceivedBytes, payload) is >= 0 and var wrong)
        {
            throw new SimulationException($"Byte {ReceivedBytes + wrong} of the stream arrived with the wrong value.");
        }

        _receivedHash?.AppendData(payload);
        ReceivedBytes += payload.Length;
        LastPayloadAt = _run.Now;
        if (ReadBitsPerSecond == 0)
        {
            end.Consume(payload.Length);
        }
        else
        {
            _unconsumed += payload.Length;
            Tick();
        }
    }

    public void OnRoom(StreamEnd end)
    {
        if (WriteBitsPerSecond == 0)
        {
            WriteUpTo(long.MaxValue);
        }
    }

    public void OnPeerFinished(StreamEnd end)
    {
        if (_settings.ClosesWithPeer)
        {
            end.Close();
        }
    }

    public void OnClosed(StreamEnd end)
    {
    }

    void IEventTarget.OnEvent(int tag)
    {
        _isTicking = false;
        if (_end is { IsClosed: false } end)
        {
            var seconds = Nanos.ToSeconds(TickNanos);
            _writeCredit += WriteBitsPerSecond / 8.0 * seconds;
            _readCredit += ReadBitsPerSecond / 8.0 * seconds;
            end.Act(_ => Work());
        }
    }

    private void Work()
    {
        if (WriteBitsPerSecond == 0)
        {
            WriteUpTo(long.MaxValue);
        }
        else
        {
            _writeCredit -= WriteUpTo((long)_writeCredit);
        }

        if (_unconsumed > 0)
        {
            var consumed = ReadBitsPerSecond == 0 ? _unconsumed : Math.Min(_unconsumed, (long)_readCredit);
            _readCredit -= consumed;
            _unconsumed -= consumed;
            _end!.Consume(consumed);
        }

        Tick();
    }

    private void Tick()
    {
        var isWriting = WriteBitsPerSecond > 0 && !HasWrittenAll;
        var isReading = ReadBitsPerSecond > 0 && _unconsumed > 0;
        if (!_isTicking && (isWriting || isReading))
        {
            _isTicking = true;
            _run.Schedule(_run.Now + TickNanos, _target, 0);
        }
    }

    private long WriteUpTo(long limit)
    {
        var end = _end!;
        if (end.IsClosed || end.IsWriteEnded)
        {
            return 0;
        }

        var written = 0L;
        while (written < limit)
        {
            var room = Math.Min(_settings.SendBufferBytes - end.BufferedBytes, _settings.BytesToSend - end.WrittenBytes);
            room = Math.Min(room, limit - written);
            if (room <= 0)
            {
                break;
            }

            var block = end.Reserve((int)Math.Min(room, int.MaxValue));
            _outgoing!.Fill(end.WrittenBytes, block);
            _sentHash?.AppendData(block);
            end.Commit(block.Length);
            written += block.Length;
        }

        end.Flush();
        if (HasWrittenAll)
        {
            EndWriting(end);
        }

        return written;
    }

    private void EndWriting(StreamEnd end)
    {
        switch (_settings.WhenWritten)
        {
            case WhenWritten.Finish:
                end.Finish();
                break;
            case WhenWritten.Close:
                end.Close();
                break;
        }
    }
}

/// <summary>Settings of one end of a transfer.</summary>
internal sealed record TransferSettings
{
    /// <summary>Number of bytes to send; <see cref="long.MaxValue"/> sends for as long as the run lasts.</summary>
    public long BytesToSend { get; init; }

    public ulong OutgoingSeed { get; init; } = 1;

    /// <summary>Seed of the stream that the peer writes; null leaves received bytes unchecked.</summary>
    public ulong? IncomingSeed { get; init; }

    public WhenWritten WhenWritten { get; init; }

    /// <summary>Whether the application answers the peer's FIN with a close.</summary>
    public bool ClosesWithPeer { get; init; }

    public long SendBufferBytes { get; init; } = 4 * 1024 * 1024;

    public long WriteBitsPerSecond { get; init; }

    public long ReadBitsPerSecond { get; init; }

    /// <summary>Whether the application computes SHA-256 of the sent and received bytes, besides the comparison.</summary>
    public bool ComputesHashes { get; init; }
}

/// <summary>The action of an application after its last byte.</summary>
internal enum WhenWritten
{
    StayOpen,

    /// <summary>Ends writing, and continues reading.</summary>
    Finish,

    /// <summary>Ends writing and reading.</summary>
    Close,
}
