using System.Diagnostics;

namespace Utp.Interop.Tests.Relay;

/// <summary>
/// One direction of a <see cref="DatagramRelay"/>. It draws what happens to each datagram from its own seeded stream, in order of arrival, and keeps
/// datagrams that have to wait. It passes datagrams to <c>send</c>, one at a time.
/// </summary>
internal sealed class RelayDirection(Impairment impairment, int seed, RelayDirection.Send send)
{
    /// <summary>The longest time for which a datagram is held back to be overtaken when no other datagram comes.</summary>
    private static readonly TimeSpan LongestHold = TimeSpan.FromMilliseconds(5);

    private readonly Random _random = new(seed);
    private readonly Queue<(long Due, RelayPath Path, byte[] Datagram)> _delayed = new();
    private readonly List<Held> _held = [];
    private readonly Lock _lock = new();

    public delegate void Send(RelayPath path, ReadOnlySpan<byte> datagram);

    public long ReceivedCount { get; private set; }

    /// <summary>Number of datagrams that wait to be sent.</summary>
    public int WaitingCount
    {
        get
        {
            lock (_lock)
            {
                return _delayed.Count + _held.Count;
            }
        }
    }

    public long LostCount { get; private set; }

    public long DuplicatedCount { get; private set; }

    public long ReorderedCount { get; private set; }

    /// <summary>Whether every datagram is lost from now on.</summary>
    public bool IsCut { get; set; }

    public void Handle(RelayPath path, ReadOnlySpan<byte> datagram)
    {
        lock (_lock)
        {
            ReceivedCount++;
            var isLost = _random.NextDouble() < impairment.Loss;
            var isDuplicated = _random.NextDouble() < impairment.Duplication;
            var isReordered = _random.NextDouble() < impairment.Reordering;
            if (isLost || IsCut)
            {
                LostCount++;
                return;
            }

            if (impairment.Delay > TimeSpan.Zero)
            {
                _delayed.Enqueue((Stopwatch.GetTimestamp() + Ticks(impairment.Delay), path, datagram.ToArray()));
                return;
            }

            if (isReordered)
            {
                ReorderedCount++;
                _held.Add(new Held(path, datagram.ToArray(), _random.Next(1, impairment.MaxOvertaking + 1), Stopwatch.GetTimestamp() + Ticks(LongestHold)));
                return;
            }

            send(path, datagram);
            if (isDuplicated)
            {
                DuplicatedCount++;
                send(path, datagram);
            }

            ReleaseOvertaken();
        }
    }

    /// <summary>Sends the datagrams that have waited long enough.</summary>
    public void HandleTime(long now)
    {
        lock (_lock)
        {
            while (_delayed.TryPeek(out var first) && first.Due <= now)
            {
                _delayed.Dequeue();
                send(first.Path, first.Datagram);
            }

            for (var i = _held.Count - 1; i >= 0; i--)
            {
                if (_held[i].Due <= now)
                {
                    SendHeld(i);
                }
            }
        }
    }

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    private void ReleaseOvertaken()
    {
        for (var i = _held.Count - 1; i >= 0; i--)
        {
            if (--_held[i].OvertakingLeft <= 0)
            {
                SendHeld(i);
            }
        }
    }

    private void SendHeld(int index)
    {
        var held = _held[index];
        _held.RemoveAt(index);
        send(held.Path, held.Datagram);
    }

    private sealed class Held(RelayPath path, byte[] datagram, int overtakingLeft, long due)
    {
        public RelayPath Path { get; } = path;

        public byte[] Datagram { get; } = datagram;

        public int OvertakingLeft { get; set; } = overtakingLeft;

        public long Due { get; } = due;
    }
}
