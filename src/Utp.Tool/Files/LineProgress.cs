using System.Diagnostics;

namespace Utp.Tool.Files;

/// <summary>One line for each finished file.</summary>
internal sealed class LineProgress(ToolConsole console, string verb) : ITransferProgress
{
    private string _name = string.Empty;
    private long _size;
    private long _startedAt;
    private UtpStream? _stream;

    public void Begin(string name, long size, UtpStream stream)
    {
        _name = name;
        _size = size;
        _stream = stream;
        _startedAt = Stopwatch.GetTimestamp();
    }

    public void Advance(int bytes)
    {
    }

    public void End(bool succeeded)
    {
        if (_stream is null || !succeeded)
        {
            _stream = null;
            return;
        }

        var time = Stopwatch.GetElapsedTime(_startedAt);
        var statistics = _stream.Statistics;
        console.WriteLine(
            $"{verb} {_name}: {Units.Bytes(_size)} in {Units.Seconds(time)} ({Units.Rate(_size, time)}), SHA-256 verified, "
            + $"RTT {Units.Milliseconds(statistics.RoundTripTime)}, queueing delay {Units.Milliseconds(statistics.QueueingDelay)}");
        _stream = null;
    }
}
