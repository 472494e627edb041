using Utp.Protocol.Connections;

namespace Utp.Protocol.Time;

/// <summary>
/// The deadlines of all connections of an endpoint in one binary heap. An entry moves with its connection's deadline, in both directions. An entry
/// that stayed when the deadline moved later would cost little here, but the socket waits until <see cref="NextDeadline"/>, and a nearer deadline
/// costs more system calls.
/// </summary>
internal sealed class TimerTable
{
    private Entry[] _heap = new Entry[16];

    public int Count { get; private set; }

    public Instant NextDeadline => Count == 0 ? Instant.Never : _heap[0].Deadline;

    /// <summary>Sets the deadline of a connection. <see cref="Instant.Never"/> removes its entry.</summary>
    public void Schedule(ConnectionCore connection, Instant deadline)
    {
        if (connection.TimerIndex < 0)
        {
            if (deadline.IsNever)
            {
                return;
            }

            if (Count == _heap.Length)
            {
                Array.Resize(ref _heap, Count * 2);
            }

            Place(Count++, new Entry(deadline, connection));
            SiftUp(connection.TimerIndex);
        }
        else if (deadline.IsNever)
        {
            Remove(connection);
        }
        else
        {
            Reschedule(connection.TimerIndex, deadline);
        }
    }

    /// <summary>Removes the entry of a connection that is due, and returns the connection.</summary>
    public bool TryTakeDue(Instant now, out ConnectionCore connection)
    {
        if (Count == 0 || _heap[0].Deadline > now)
        {
            connection = null!;
            return false;
        }

        connection = _heap[0].Connection;
        Remove(connection);
        return true;
    }

    public void Remove(ConnectionCore connection)
    {
        var index = connection.TimerIndex;
        if (index < 0)
        {
            return;
        }

        connection.TimerIndex = -1;
        var last = _heap[--Count];
        _heap[Count] = default;
        if (index == Count)
        {
            return;
        }

        Place(index, last);
        SiftUp(index);
        SiftDown(last.Connection.TimerIndex);
    }

    public void CheckInvariants()
    {
        for (var i = 0; i < Count; i++)
        {
            Invariant.Holds(_heap[i].Connection.TimerIndex == i, "timer index matches its heap place");
            Invariant.Holds(i == 0 || _heap[(i - 1) / 2].Deadline <= _heap[i].Deadline, "timer heap is ordered");
        }
    }

    private void Reschedule(int index, Instant deadline)
    {
        var before = _heap[index].Deadline;
        _heap[index].Deadline = deadline;
        if (deadline < before)
        {
            SiftUp(index);
        }
        else if (deadline > before)
        {
            SiftDown(index);
        }
    }

    private void Place(int index, Entry entry)
    {
        _heap[index] = entry;
        entry.Connection.TimerIndex = index;
    }

    private void SiftUp(int index)
    {
        var entry = _heap[index];
        while (index > 0)
        {
            var parent = (index - 1) / 2;
            if (_heap[parent].Deadline <= entry.Deadline)
            {
                break;
            }

            Place(index, _heap[parent]);
            index = parent;
        }

        Place(index, entry);
    }

    private void SiftDown(int index)
    {
        var entry = _heap[index];
        while (true)
        {
            var child = (index * 2) + 1;
            if (child >= Count)
            {
                break;
            }

            if (child + 1 < Count && _heap[child + 1].Deadline < _heap[child].Deadline)
            {
                child++;
            }

            if (entry.Deadline <= _heap[child].Deadline)
            {
                break;
            }

            Place(index, _heap[child]);
            index = child;
        }

        Place(index, entry);
    }

    private struct Entry(Instant deadline, ConnectionCore connection)
    {
        public Instant Deadline = deadline;
        public ConnectionCore Connection = connection;
    }
}
