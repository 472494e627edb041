using BenchmarkDotNet.Attributes;
using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Simulation.Randomness;

namespace Utp.Benchmarks.Micro;

/// <summary>Schedules the deadlines of 10,000 connections.</summary>
[MemoryDiagnoser]
public class TimerBenchmarks
{
    private const int Count = 10_000;

    private readonly TimerTable _timers = new();
    private readonly ConnectionCore[] _connections = new ConnectionCore[Count];
    private long _now = 1_000_000;
    private int _next;

    [GlobalSetup]
    public void Setup()
    {
        var endpoint = new SocketCore(new SocketSettings(), new SeededRandomSource(1));
        for (var i = 0; i < Count; i++)
        {
            _connections[i] =
                new ConnectionCore(endpoint, PeerAddress.FromIPv4(0x0A000001, 1), ConnectionSettings.Default, isInitiator: false, new Instant(_now));
            _timers.Schedule(_connections[i], new Instant(_now + (i * 100)));
        }
    }

    /// <summary>Moves a deadline later, as each acknowledgement does: the usual case, and free.</summary>
    [Benchmark]
    public void PushBack()
    {
        _timers.Schedule(_connections[_next], new Instant(_now + 1_000_000_000));
        _next = (_next + 1) % Count;
    }

    [Benchmark]
    public void TakeDueAndScheduleAgain()
    {
        _now = _timers.NextDeadline.Micros;
        if (_timers.TryTakeDue(new Instant(_now), out var connection))
        {
            _timers.Schedule(connection, new Instant(_now + (Count * 100)));
        }
    }
}
