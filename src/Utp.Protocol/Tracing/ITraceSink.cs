namespace Utp.Protocol.Tracing;

/// <summary>
/// Receives the trace records of one endpoint's connections. The core calls it from its one writer, so an implementation must neither block nor call
/// the core. Nothing it does changes the behaviour of the core, so runs are equally deterministic with and without a trace.
/// </summary>
internal interface ITraceSink
{
    /// <summary>Gets an id for a connection that is about to write its first record.</summary>
    string NextConnectionId();

    void Write(in TraceRecord record);
}
