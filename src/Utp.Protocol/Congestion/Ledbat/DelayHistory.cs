using System.Runtime.CompilerServices;
using Utp.Protocol.Time;

namespace Utp.Protocol.Congestion.Ledbat;

/// <summary>
/// Delay samples of one direction: minima of the last minutes (the base) and the smallest of the newest few (the current delay).
/// A sample is a difference of two 32-bit clocks with unknown offset, so only differences between samples have a meaning, and every comparison
/// is modulo 2^32: of two samples the smaller is the one from which the other is reached by adding less than 2^31 microseconds.
/// RFC 6817 section 2.4.2 (BASE_HISTORY, CURRENT_FILTER).
/// </summary>
internal struct DelayHistory
{
    public const int MaxMinutes = 16;
    public const int MaxFilterSamples = 4;

    private const long MinuteMicros = 60_000_000;

    /// <summary>The maximum age in minutes of a recent sample: far longer than any round trip, and short enough for differences of 32-bit instants.</summary>
    private const long MaxRecentMinutes = 30;

    private readonly byte _minutes;
    private readonly byte _filterSamples;

    /// <summary>
    /// Minima of earlier minutes; null during the first minute, whose minimum is the base. With many connections, most never send in a second minute.
    /// </summary>
    private uint[]? _minima;
    private FilterValues _recent;

    /// <summary>Times of the newest few samples, as the low 32 bits of their instants.</summary>
    private FilterValues _recentAt;
    private Instant _minuteStart;
    private uint _base;
    private ushort _filled;
    private byte _minute;
    private byte _newest;
    private byte _recentCount;

    public DelayHistory(int minutes, int filterSamples)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(minutes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minutes, MaxMinutes);
        ArgumentOutOfRangeException.ThrowIfLessThan(filterSamples, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(filterSamples, MaxFilterSamples);
        _minutes = (byte)minutes;
        _filterSamples = (byte)filterSamples;
    }

    /// <summary>Whether there are samples: false before the first one and after <see cref="Clear"/>.</summary>
    public readonly bool HasSamples => _recentCount > 0;

    /// <summary>The smallest sample of the remembered minutes. It has no meaning without samples.</summary>
    public readonly uint Base => _base;

    /// <summary>The last sample added. It has no meaning without samples.</summary>
    public readonly uint Newest => _recent[_newest];

    /// <summary>Whether <paramref name="left"/> is the smaller of two samples whose distance is less than 2^31.</summary>
    public static bool IsLess(uint left, uint right) => Distance(right, left) < 0;

    /// <summary>Gets the microseconds from <paramref name="from"/> up to <paramref name="to"/>; negative when <paramref name="to"/> is the smaller.</summary>
    public static long Distance(uint from, uint to) => unchecked((int)(to - from));

    public void Add(Instant now, uint sample)
    {
        if (!HasSamples)
        {
            _minuteStart = now;
            _minute = 0;
            _filled = 0;
        }
        else
        {
            AdvanceTo(now);
        }

        var slot = (ushort)(1 << _minute);
        if (_minima is not null && ((_filled & slot) == 0 || IsLess(sample, _minima[_minute])))
        {
            _minima[_minute] = sample;
        }

        if (_filled == 0 || IsLess(sample, _base))
        {
            _base = sample;
        }

        _filled |= slot;
        _newest = (byte)((_newest + 1) % _filterSamples);
        _recent[_newest] = sample;
        _recentAt[_newest] = now.WireTimestamp;
        _recentCount = (byte)Math.Min(_recentCount + 1, _filterSamples);
    }

    /// <summary>
    /// Gets the current delay above the base, from the smallest of the newest samples that are no older than <paramref name="maxAgeMicros"/>. The
    /// newest sample counts whatever its age. Never negative; zero without samples.
    /// </summary>
    public readonly long QueueingDelayMicros(Instant now, long maxAgeMicros)
    {
        if (!HasSamples)
        {
            return 0;
        }

        var current = _recent[_newest];
        var comparableCount = now.Since(_minuteStart) < MaxRecentMinutes * MinuteMicros ? _recentCount : 1;
        for (var back = 1; back < comparableCount; back++)
        {
            var index = (_newest + _filterSamples - back) % _filterSamples;
            if (Distance(_recentAt[index], now.WireTimestamp) > maxAgeMicros)
            {
                break;
            }

            if (IsLess(_recent[index], current))
            {
                current = _recent[index];
            }
        }

        return Math.Max(0, Distance(_base, current));
    }

    /// <summary>The height of the newest sample above the base; zero without samples.</summary>
    public readonly long NewestQueueingDelayMicros => HasSamples ? Math.Max(0, Distance(_base, _recent[_newest])) : 0;

    /// <summary>Moves the whole base history up or down, because the two clocks have drifted apart.</summary>
    public void ShiftBase(long micros)
    {
        foreach (ref var minimum in _minima.AsSpan())
        {
            minimum = unchecked(minimum + (uint)micros);
        }

        _base = unchecked(_base + (uint)micros);
    }

    /// <summary>Discards everything but the newest sample and uses <paramref name="newBase"/> as the base, because the path or a clock has changed.</summary>
    public void Rebase(Instant now, uint newBase)
    {
        _minuteStart = now;
        _minute = 0;
        _filled = 1;
        _base = newBase;
        _minima?[0] = newBase;
        _recentCount = Math.Min(_recentCount, (byte)1);
    }

    /// <summary>Takes over the base and the newest sample of another history, whatever its length.</summary>
    public void ContinueFrom(Instant now, in DelayHistory other)
    {
        if (other.HasSamples)
        {
            Add(now, other.Newest);
            Rebase(now, other.Base);
        }
    }

    public void Clear()
    {
        _recentCount = 0;
        _filled = 0;
    }

    private void AdvanceTo(Instant now)
    {
        var elapsedMinutes = now.Since(_minuteStart) / MinuteMicros;
        if (elapsedMinutes <= 0)
        {
            return;
        }

        _minuteStart += elapsedMinutes * MinuteMicros;
        if (elapsedMinutes >= MaxRecentMinutes)
        {
            _recentCount = 0;
        }

        if (_minima is null && elapsedMinutes < _minutes)
        {
            _minima = new uint[_minutes];
            _minima[_minute] = _base;
        }

        // Minutes without a sample age the others too: after a long idle time the clocks have drifted, and the route may have changed.
        for (var step = Math.Min(elapsedMinutes, _minutes); step > 0; step--)
        {
            _minute = (byte)((_minute + 1) % _minutes);
            _filled &= (ushort)~(1 << _minute);
        }

        var first = true;
        for (var index = 0; index < _minutes; index++)
        {
            if ((_filled & (1 << index)) != 0 && (first || IsLess(_minima![index], _base)))
            {
                _base = _minima![index];
                first = false;
            }
        }
    }

    [InlineArray(MaxFilterSamples)]
    private struct FilterValues
    {
        private uint _first;
    }
}
