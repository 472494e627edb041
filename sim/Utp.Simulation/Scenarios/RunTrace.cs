using System.Globalization;
using Utp.Protocol.Tracing;
using Utp.Simulation.Probes;

namespace Utp.Simulation.Scenarios;

/// <summary>
/// Writes the trace of a scenario when <c>UTP_TRACE</c> names a directory: one file for each run, for <c>utp plot</c>. A trace changes nothing in
/// the run.
/// </summary>
internal sealed class RunTrace : IDisposable
{
    public const string Variable = "UTP_TRACE";

    private static int _count;

    private readonly TraceWriter _writer;
    private readonly string _path;

    private RunTrace(SimulationRun run, string directory)
    {
        var number = Interlocked.Increment(ref _count);
        var name = string.Create(CultureInfo.InvariantCulture, $"seed{run.Seed}-{number:D2}");
        _path = Path.Combine(directory, name + ".qlog");
        _writer = new TraceWriter(run, name);
    }

    /// <summary>Null when nothing asks for a trace.</summary>
    public static RunTrace? Start(SimulationRun run)
    {
        var directory = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(directory))
        {
            return null;
        }

        Directory.CreateDirectory(directory);
        return new RunTrace(run, directory);
    }

    public ITraceSink For(string flow) => _writer.For(flow);

    /// <summary>Writes the file.</summary>
    public void Dispose()
    {
        _writer.Save(_path);
        _writer.Dispose();
    }
}
