namespace Utp.Protocol.Tracing;

/// <summary>
/// Takes the trace records of one endpoint's connections. Called inside the core by its one writer, so an implementation must neither block
/// nor call the core; nothing it does changes what the core does, which keeps runs deterministic with and without a trace.
/// </summary>
internal interface ITraceSink
{
    /// <summary>A name for a connection that is about to write its first record.</summary>
    string NextConnectionId();

    void Write(in TraceRecord record);
}
