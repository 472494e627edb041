using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Sending;

/// <summary>
/// Finds the largest UDP payload that passes (packetization-layer path MTU discovery, RFC 8899). It starts at what a 1,280-byte path carries and
/// by default stays there: a numbered segment can only be sent again whole, so a larger one would be lost for good on a path that shrinks.
/// It searches only if a ceiling is configured. It tries the ceiling first, and then halves the gap. A probe is a segment of a safe size that padding
/// enlarges (<see cref="ProbePadding"/>): if it is lost, the segment is sent again without the padding. ConnectionCore.Send.cs (ChooseSize) decides which
/// segment becomes a probe.
/// </summary>
internal struct PathMtuSearch
{
    /// <summary>1,280 (the IPv6 minimum) less the IP and UDP headers.</summary>
    public const int BaseIPv4 = 1252;
    public const int BaseIPv6 = 1232;

    /// <summary>1,500 (Ethernet) less the IP and UDP headers: the size at which a loopback interface starts, which has no routers.</summary>
    public const int EthernetIPv4 = 1472;
    public const int EthernetIPv6 = 1452;

    /// <summary>576 (what every IPv4 host takes) less the IP and UDP headers.</summary>
    public const int MinBytes = 548;

    /// <summary>68 (the smallest MTU that IPv4 allows) less the IP and UDP headers. A system that refuses this much refuses everything.</summary>
    public const int LeastBytes = 40;

    /// <summary>The search ends when the gap is this small, as libutp's does.</summary>
    private const int Precision = 16;

    /// <summary>Number of lost probes after which a size counts as too large (RFC 8899 allows up to 3): one loss may be chance.</summary>
    private const int LossesPerSize = 2;

    /// <summary>The time after which the whole range is tried again, since routes change (RFC 8899's PMTU_RAISE_TIMER).</summary>
    private const long RaiseMicros = 600_000_000;

    // The fields are narrow because every idle connection has them: a UDP payload is at most 65,507 bytes.
    private readonly ushort _configuredCeilingBytes;
    private readonly ushort _initialBaseBytes;
    private readonly ushort _floorBytes;
    private ushort _baseBytes;
    private ushort _ceilingBytes;
    private ushort _currentBytes;
    private ushort _outstandingBytes;
    private byte _lossCount;
    private bool _ceilingTried;
    private Instant _raiseAt = Instant.Never;

    public PathMtuSearch(bool isIPv4, bool isLoopback, int configuredCeilingBytes)
    {
        var safe = Size(isIPv4 ? BaseIPv4 : BaseIPv6);
        var first = isLoopback ? Size(isIPv4 ? EthernetIPv4 : EthernetIPv6) : safe;
        var ceiling = configuredCeilingBytes != 0 ? Size(configuredCeilingBytes) : first;
        _configuredCeilingBytes = ceiling;
        _ceilingBytes = ceiling;
        _baseBytes = Math.Min(ceiling, first);
        _initialBaseBytes = Math.Min(ceiling, safe);
        _floorBytes = isIPv4 ? Math.Min(_initialBaseBytes, Size(MinBytes)) : _initialBaseBytes;
        _currentBytes = _baseBytes;
    }

    /// <summary>The largest UDP payload known, or at first assumed, to pass.</summary>
    public readonly int CurrentBytes => _currentBytes;

    public readonly int BaseBytes => _baseBytes;

    /// <summary>
    /// The UDP payload from which this system is assumed to fragment: longer than Ethernet carries, and longer than the configured ceiling, which is
    /// what the interface carries.
    /// </summary>
    public readonly int AlwaysCutBytes => Math.Max(EthernetIPv4, (int)_configuredCeilingBytes) + ProbePadding.MinBytes;

    /// <summary>UDP payload of the probe in flight; 0 for none.</summary>
    public readonly int OutstandingBytes => _outstandingBytes;

    /// <summary>Gets the UDP payload to try next; 0 if there is nothing to try.</summary>
    public int NextProbeBytes(Instant now)
    {
        if (OutstandingBytes != 0)
        {
            return 0;
        }

        if (now >= _raiseAt)
        {
            _raiseAt = Instant.Never;
            _ceilingBytes = _configuredCeilingBytes;
            _ceilingTried = false;
        }

        if (!_ceilingTried)
        {
            return _ceilingBytes > CurrentBytes ? _ceilingBytes : 0;
        }

        return _ceilingBytes - CurrentBytes < Precision ? 0 : (_ceilingBytes + CurrentBytes + 1) / 2;
    }

    public void OnProbeSent(int bytes) => _outstandingBytes = Size(bytes);

    /// <summary>The probe in flight arrived, and it had been sent only once.</summary>
    public void OnProbeAcknowledged(Instant now)
    {
        var bytes = _outstandingBytes;
        _outstandingBytes = 0;
        _lossCount = 0;
        _ceilingTried = true;
        _currentBytes = Math.Max(_currentBytes, bytes);
        _baseBytes = Math.Max(_baseBytes, Math.Min(bytes, _initialBaseBytes));
        _ceilingBytes = Math.Max(_ceilingBytes, _currentBytes);
        ScheduleRaise(now);
    }

    public void OnProbeLost(Instant now)
    {
        var bytes = _outstandingBytes;
        _outstandingBytes = 0;
        if (bytes == 0 || ++_lossCount < LossesPerSize)
        {
            return;
        }

        _lossCount = 0;
        _ceilingTried = true;
        _ceilingBytes = Math.Max(_currentBytes, Size(bytes - 1));
        ScheduleRaise(now);
    }

    /// <summary>
    /// A timeout may mean congestion, or a route with a smaller MTU that drops larger packets silently. Segments have a safe size from now on, and a
    /// probe of the present size settles the question.
    /// </summary>
    public void OnTimeout()
    {
        if (CurrentBytes > _baseBytes)
        {
            _ceilingBytes = _currentBytes;
            _currentBytes = _baseBytes;
            _ceilingTried = false;
            _outstandingBytes = 0;
            _lossCount = 0;
        }
    }

    /// <summary>
    /// Not even datagrams of the base size get an answer: the path may be narrower than 1,280 bytes, which IPv4 allows (RFC 8899's error
    /// state). Segments have a safe size or may be fragmented from now on, and the search starts from there.
    /// </summary>
    public void OnRepeatedTimeout()
    {
        if (_baseBytes > _floorBytes)
        {
            _baseBytes = _floorBytes;
            _currentBytes = _floorBytes;
            _ceilingTried = false;
            _outstandingBytes = 0;
            _lossCount = 0;
        }
    }

    /// <summary>
    /// The system refused a datagram of this size. Below <see cref="MinBytes"/> the base is halved. Larger segments may be fragmented from then on,
    /// so that no size is tried for ever.
    /// </summary>
    public void OnMessageTooLong(int bytes, Instant now)
    {
        if (bytes <= _baseBytes)
        {
            _baseBytes = bytes > _initialBaseBytes ? _initialBaseBytes
                : bytes > MinBytes ? Math.Min(_baseBytes, Size(MinBytes))
                : Size(Math.Max(LeastBytes, bytes / 2));
        }

        _currentBytes = Math.Min(_currentBytes, _baseBytes);
        _ceilingBytes = Math.Max(_currentBytes, Size(bytes - 1));
        _ceilingTried = true;
        _outstandingBytes = 0;
        _lossCount = 0;
        ScheduleRaise(now);
    }

    private static ushort Size(int bytes) => (ushort)Math.Min(bytes, ushort.MaxValue);

    private void ScheduleRaise(Instant now)
    {
        if (_raiseAt.IsNever && _ceilingBytes < _configuredCeilingBytes)
        {
            _raiseAt = now + RaiseMicros;
        }
    }
}
