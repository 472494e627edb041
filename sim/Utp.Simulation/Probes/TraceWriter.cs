using System.Buffers;
using Utp.Protocol.Time;
using Utp.Protocol.Tracing;
using Utp.Transport.Diagnostics.Tracing;

namespace Utp.Simulation.Probes;

/// <summary>
/// Writes the trace of flows in virtual time, in the format in which the transport traces real ones: <c>utp plot</c> draws both.
/// </summary>
internal sealed class TraceWriter : IDisposable
{
    private readonly SimulationRun _run;
    private readonly ArrayBufferWriter<byte> _lines = new();
    private readonly QlogFormat _format;
    private long _recordCount;

    public TraceWriter(SimulationRun run, string title)
    {
        _run = run;
        _format = new QlogFormat(_lines, Instant.Zero);
        _format.WriteHeader(title, wallClock: null);
    }

    private Instant Now => new(_run.Now / 1_000);

    /// <summary>Gets the sink for a node's endpoint. Its first connection gets the name, further ones the name and a number.</summary>
    public ITraceSink For(string name) => new Sink(this, name);

    /// <summary>Ends the trace and writes it to a file.</summary>
    public void Save(string path)
    {
        _format.WriteEnd(Now, _recordCount, 0);
        using var file = File.Create(path);
        file.Write(_lines.WrittenSpan);
    }

    public void Dispose() => _format.Dispose();

    private sealed class Sink(TraceWriter writer, string name) : ITraceSink
    {
        private int _connections;

        public string NextConnectionId() => ++_connections == 1 ? name : $"{name} #{_connections}";

        /// <summary>Writes a record with the time of the run, because the clocks of hosts disagree.</summary>
        public void Write(in TraceRecord record)
        {
            writer._recordCount++;
            writer._format.Write(record with { Time = writer.Now }, local: null);
        }
    }
}
